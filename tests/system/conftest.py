# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: everything that a test starts is stopped when it ends, in any way."""

import contextlib
import importlib
import os
import shutil
import signal
import subprocess

import pytest

import netns
import servers
from client import Client
import upstream as upstreams

# A hang counts as a failure; no test needs nearly that long.
TEST_TIMEOUT = 60


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    def expire(_signal, _frame):
        raise TimeoutError(f"{item.name} took more than {TEST_TIMEOUT} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(TEST_TIMEOUT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def pytest_configure(config):
    config.addinivalue_line("markers", "valgrind: runs the program under valgrind")
    if not os.access(os.environ.get("TARN", ""), os.X_OK):
        pytest.exit("the environment variable TARN must name the program under test", 2)


@pytest.fixture
def cleanup():
    """Calls what is pushed on it, last first, when the test is over."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def run_tarn(cleanup):
    """Starts tarn: run_tarn("--workers", 2, upstreams=[...]). It must stop cleanly in the end."""
    def run(*args, **options):
        tarn = servers.Tarn(*args, **options)
        cleanup.callback(tarn.kill)
        cleanup.callback(tarn.stop)
        return tarn
    return run


@pytest.fixture
def run_upstream(cleanup):
    """Starts a scripted upstream: run_upstream(script)."""
    def run(script, **options):
        upstream = upstreams.Upstream(script, **options)

        def end():
            upstream.close()
            assert not upstream.faults, upstream.faults
        cleanup.callback(end)
        return upstream
    return run


@pytest.fixture
def run_store(cleanup, tmp_path):
    """Starts a store of the second level: run_store("maxmemory 1mb"). Several have names."""
    stores = importlib.import_module("store")
    if not stores.find_program():
        pytest.skip("neither Valkey nor Redis on this machine")

    def run(*lines, name="store", **options):
        store = stores.Store(tmp_path / name, *lines, **options)
        cleanup.callback(store.close)
        return store
    return run


@pytest.fixture
def run_named(cleanup):
    """Starts an upstream that gives each name an address of its own, of sharing.NamedServer."""
    def run(**options):
        server = importlib.import_module("sharing").NamedServer(**options)
        cleanup.callback(server.close)
        return server
    return run


@pytest.fixture
def run_sharing(run_tarn, tmp_path):
    """Starts tarn with a second level: run_sharing("server = 127.0.0.1:6379", upstream, "wait = 1s");
    is_up=False if it has no connection at first."""
    sharing = importlib.import_module("sharing")
    if not servers.is_built_with("hiredis"):
        pytest.skip("tarn was built without hiredis")

    def run(place, upstream, *words, is_up=True, **options):
        started.append(sharing.Sharing(run_tarn, tmp_path / f"tarn{len(started)}", [upstream],
                                       place, *words, **options))
        return started[-1].wait_until_up() if is_up else started[-1]
    started = []
    return run


def make_or_skip(cleanup, make):
    try:
        made = make()
    except netns.Unavailable as why:
        pytest.skip(str(why))
    cleanup.callback(made.close)
    return made


@pytest.fixture
def namespace(cleanup):
    """All of the test is in a network namespace: port 53 is free there, on every address."""
    namespace = make_or_skip(cleanup, netns.Namespace)
    cleanup.enter_context(namespace.inside())
    return namespace


@pytest.fixture
def network(cleanup):
    """All of the test is on one side of a wire with faults; the other is network.beyond."""
    network = make_or_skip(cleanup, netns.Network)
    cleanup.enter_context(network.machine.inside())
    return network


@pytest.fixture(scope="session")
def nsd(tmp_path_factory):
    server = servers.Nsd(str(tmp_path_factory.mktemp("nsd")))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def knot(tmp_path_factory):
    if not shutil.which("knotd", path="/usr/sbin:/usr/bin"):
        pytest.skip("no knotd on this machine")
    server = servers.Knot(str(tmp_path_factory.mktemp("knot")))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """The CA of a test's certificates."""
    pytest.importorskip("cryptography")
    return importlib.import_module("certificates").Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def run_dot(cleanup, authority):
    """Starts a scripted server of DNS over TLS: run_dot(script, kind="name"), of certificates.py."""
    return make_runner(cleanup, authority, "hostile_tls", "DotServer")


@pytest.fixture
def run_doh(cleanup, authority):
    """The same over HTTPS."""
    pytest.importorskip("h2")
    return make_runner(cleanup, authority, "hostile_https", "DohServer")


def make_runner(cleanup, authority, module, name):
    server = getattr(importlib.import_module(module), name)

    def run(*args, kind="name", may_be_clear=False, **options):
        made = server(authority.get(kind), *args, **options)

        def end():
            made.close()
            assert not made.faults, made.faults
            assert may_be_clear or not made.clear, "asked in the clear"
        cleanup.callback(end)
        return made
    return run


@pytest.fixture
def run_front(cleanup, authority, nsd, tmp_path):
    """Starts a real server of encrypted DNS in front of NSD, of encrypted_servers.FRONTS."""
    fronts = importlib.import_module("encrypted_servers")

    def run(program, behind=nsd, **options):
        if why := fronts.FRONTS[program].why_not():
            pytest.skip(why)
        if program == "nginx":
            behind = run("unbound-clear")
        front = fronts.FRONTS[program](tmp_path / program, authority.get("name"), behind,
                                       **options)
        cleanup.callback(front.kill)
        return front
    return run


@pytest.fixture
def run_encrypted(run_tarn, authority, tmp_path):
    """Starts tarn with these upstreams, as texts or servers, which the test's CA is trusted for."""
    def run(*upstreams, lines="", args=(), ca=None, **options):
        urls = [url if isinstance(url, str) else url.url() for url in upstreams]
        config = tmp_path / f"tarn{len(list(tmp_path.iterdir()))}.conf"
        listed = ",\n".join(f'\t"{url}"' for url in urls)
        config.write_text(f"upstream = {{\n{listed}\n}}\n"
                          f'tls {{ ca = "{ca or authority.file}" }}\n{lines}', encoding="ascii")
        return run_tarn("--config", config, *args, **options)
    return run


@pytest.fixture
def ask_all(cleanup):
    """Asks for so many names at once. Returns the questions once they are answered."""
    def ask(tarn, count, prefix="a", zone="example.", timeout=6):
        client = cleanup.enter_context(Client(tarn.host, tarn.port))
        for number in range(count):
            client.send(f"{prefix}{number}.{zone}")
        assert not client.wait(timeout=timeout * (3 if tarn.is_slow else 1))
        return client.questions
    return ask


@pytest.fixture
def run_listening(run_tarn, authority):
    """Starts tarn for clients over TLS and HTTPS too: at its tls_port and https_port."""
    def run(*args, lines="", host="127.0.0.1", **options):
        identity = authority.get("name")
        config = os.path.join(authority.folder, f"listen{os.getpid()}-{len(started)}.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f'listen {{ tls = "{host}:0" https = "{host}:0"\n'
                       f'certificate = "{identity.certificate}" key = "{identity.key}"\n'
                       f'{lines} }}\n')
        tarn = run_tarn("--config", config, *args, listen=["127.0.0.1:0"], **options)
        started.append(tarn)
        tarn.tls_port, tarn.https_port = (
            int(tarn.wait_for_line(rf"listening on \S+:(\d+) \({over}\)")[0][1])
            for over in ("TLS", "HTTPS"))
        return tarn
    started = []
    return run


@pytest.fixture
def listening(run_listening, nsd):
    """It, in front of the real NSD."""
    return run_listening("--workers", 1, upstreams=[nsd])


@pytest.fixture
def tarn(run_tarn, nsd):
    """tarn in front of the real NSD."""
    return run_tarn(upstreams=[nsd])


@pytest.fixture
def tool():
    """The path of a client program; the test is skipped where there is none."""
    def find(name):
        path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not path:
            pytest.skip(f"no {name} on this machine")
        return path
    return find


@pytest.fixture
def mounted(tool):
    """mounted("mount ..."): a prefix of commands for which alone that is mounted."""
    def make(script):
        prefix = [tool("unshare"), "--mount", "sh", "-c", f'{script} && exec "$@"', "sh"]
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
            pytest.skip("mount namespaces need root")
        return prefix
    return make
