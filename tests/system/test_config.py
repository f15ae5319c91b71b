# SPDX-License-Identifier: BSD-2-Clause
"""The configuration file, and the documents that describe it."""

import os
import re
import shlex
import signal
import subprocess

import dns.rcode
import pytest

import servers
from servers import program
from upstream import address

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")
EXAMPLE = os.path.join(DOCS, "examples", "tarn.conf")


@pytest.fixture
def conf(tmp_path):
    """Writes a file and returns its path."""
    def write(text, name="tarn.conf"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)
    return write


@pytest.fixture
def secret(tmp_path):
    """Writes a file with a secret, and returns its path."""
    def write(text="0123456789abcdef0123456789abcdef\n", mode=0o600, name="shared.key"):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
        return path
    return write


def check(path, *args):
    """What --check makes of the file, with status 0 and nothing on stderr."""
    done = servers.run_tarn("--check", "-c", path, *args)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def statements(text):
    """Those of what --check prints, without where they come from."""
    return [line.split("#")[0].rstrip() for line in text.splitlines() if line.split("#")[0].strip()]


# ---- the program ---------------------------------------------------------------------------------

def test_tarn_runs_as_its_file_says(conf, run_tarn, run_upstream):
    ours = run_upstream(address(value="192.0.2.1"))
    corp = run_upstream(address(value="192.0.2.2"))
    path = conf(f"""
        listen {{ address = 127.0.0.1:0 }}
        upstream = {ours.address}
        workers = 1
        forward "corp.example" {{ upstream = {{ {corp.address} }} }}
        forward "nothing.example" {{ }}
    """)
    tarn = run_tarn("-c", path, listen=[])
    match, = tarn.wait_for_line(r"listening on (\S+):(\d+) ", 1)
    tarn.host, tarn.port = match[1], int(match[2])
    tarn.ports[tarn.host] = tarn.port
    assert tarn.ask("a.example.").answer[0][0].address == "192.0.2.1"
    assert tarn.ask("a.corp.example.").answer[0][0].address == "192.0.2.2"
    assert tarn.ask("a.nothing.example.").rcode() == dns.rcode.NXDOMAIN
    assert corp.count("a.corp.example.") > 0 and ours.count("a.corp.example.") == 0
    assert corp.count("a.example.") == 0


def test_a_file_that_comes_is_read_at_a_reload(conf, run_tarn, run_upstream, tmp_path):
    """Also one beside which nothing has been read before: the sandbox knows the pattern."""
    upstream = run_upstream(address())
    (tmp_path / "elsewhere").mkdir()
    path = conf(f'upstream = {upstream.address}\ninclude = "{tmp_path}/elsewhere/*.conf"\n')
    directory = tmp_path / "etc"
    directory.mkdir()
    os.rename(path, directory / "tarn.conf")
    tarn = run_tarn("-c", directory / "tarn.conf")
    assert tarn.ask("a.nothing.example.").answer
    conf('forward "nothing.example" { }\n', "elsewhere/nothing.conf")
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration has been reloaded")
    assert tarn.ask("a.nothing.example.").rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize("args,status", [([], 2), (["--check"], 1)])
def test_every_fault_of_a_file_is_a_line_and_its_status(conf, args, status):
    path = conf("workers = 0\n\nupstraem = x\ncache { size = 1T }\n")
    done = servers.run_tarn(*args, "-c", path)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.splitlines() == [
        f"tarn: {path}:1: workers 0: not a number of threads (1 to 256)",
        f"tarn: {path}:3: upstraem: unknown word (is upstream meant?)",
        f"tarn: {path}:4: size 1T: not a size (such as 512k, 16M, 16MiB or 1G)"]


@pytest.mark.parametrize("text,line", [
    ("listen { address = 127.0.0.1:5399 }\nupstream = 127.0.0.1:5399\n",
     "2: upstream 127.0.0.1:5399: tarn listens there itself"),
    ("listen { address = 0.0.0.0:5399 }\n\nforward x { upstream = 127.0.0.1:5399 }\n",
     "3: upstream 127.0.0.1:5399: tarn listens there itself"),
])
def test_a_file_that_sends_tarn_to_itself_is_refused(conf, text, line):
    path = conf(text)
    for args, status in (["--check"], 1), ([], 2):
        done = servers.run_tarn(*args, "-c", path)
        assert (done.returncode, done.stdout) == (status, "")
        assert done.stderr == f"tarn: {path}:{line}\n"


@pytest.mark.parametrize("text,line", [
    ("\nuser = no-such-user\n", "2: user no-such-user: no such user"),
    ("control {\n\tgroup = no-such-group\n}\n", "2: group no-such-group: no such group"),
])
def test_a_user_or_group_that_is_not_there_is_a_fault(conf, text, line):
    """To --check, too, which goes before a start in some service managers."""
    path = conf(text)
    for args, status in (["--check"], 1), ([], 2):
        done = servers.run_tarn(*args, "-c", path, "-u", "127.0.0.1:9")
        assert (done.returncode, done.stdout) == (status, "")
        assert done.stderr == f"tarn: {path}:{line}\n"


def test_untrusted_octets_of_a_file_are_escaped(conf):
    path = conf("\x1b[31m = 1\nuser\u00e9 = 2\n")
    done = servers.run_tarn("-c", path)
    assert done.returncode == 2
    assert done.stderr == f"tarn: {path}:1: octet 0x1b: not text\n"
    done = servers.run_tarn("-c", conf("us\u00e9r = 2\n"))
    assert done.stderr == f"tarn: {path}:1: us\\xc3\\xa9r: unknown word (see tarn.conf(5))\n"


def test_a_file_that_is_missing_is_a_fault(tmp_path):
    done = servers.run_tarn("-c", str(tmp_path / "none"))
    assert (done.returncode, done.stderr) == \
        (2, f"tarn: {tmp_path}/none: No such file or directory\n")


def test_the_machines_own_file_needs_no_option(mounted):
    path = re.search(r"^  (/\S+)$", servers.run_tarn("--help").stdout, re.MULTILINE)[1]
    above = os.path.dirname(path)
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    if os.path.commonpath([above, program()]) == above:
        pytest.skip(f"{above} has the program in it")
    prefix = mounted(f"mount -t tmpfs none {shlex.quote(above)} && "
                     f"mkdir -p {shlex.quote(os.path.dirname(path))} && "
                     f"echo 'workers = 7' >{shlex.quote(path)}")
    done = subprocess.run([*prefix, program(), "--check", "-u", "192.0.2.1"],
                          capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{'workers = 7':48} # {path}:1" in done.stdout.splitlines()


# ---- --check -------------------------------------------------------------------------------------

def test_check_prints_a_file_that_says_the_same(conf):
    text = """
        upstream = { 192.0.2.1, 2001:db8::1 } selection = parallel
        source = 2001:db8::7
        access { allow = { 192.0.2.0/24 } pass = { "local", 'a\\\\.b' } hide-identity = yes }
        user = root
        sandbox = no
        log { level = debug queries = "/x \\"y\\" \\$ \\\\" dnstap = /z }
        control { socket = "/a b" group = root }
        metrics { address = ::1 }
        forward "corp.example" { upstream = 192.0.2.9:5300 selection = sequential interface = wg0 }
        forward "10.0.0.0/8" { }
    """
    first = check(conf(as_built(text)), "-w", "3")
    second = check(conf(first, "second"))
    assert statements(first) == statements(second)
    assert "workers = 3" in statements(first)


def test_check_says_where_each_value_comes_from(conf):
    conf("cache { size = 3M }\n", "a.inc")
    conf("\nupstream += { 192.0.2.2 }\n", "b.inc")
    path = conf('upstream = 192.0.2.1\ninclude = "*.inc"\nworkers = 4\nselection = fastest\n'
                'forward "a" { upstream = 192.0.2.3 }\nforward "b" {\nselection = fastest }\n')
    lines = check(path, "--workers", "2").splitlines()
    directory = os.path.dirname(path)
    assert f"{'upstream = { 192.0.2.1:53, 192.0.2.2:53 }':48} # {path}:1" in lines
    assert f"\t{'size = 3M':40} # {directory}/a.inc:1" in lines
    assert f"{'workers = 2':48} # command line" in lines
    assert f"{'selection = fastest':48} # {path}:4" in lines
    assert f"{'trust-ad = no':48} # default" in lines
    assert f"# include: {directory}/b.inc" in lines
    zone_a, zone_b = (lines[lines.index(f'forward "{zone}" {{ # {path}:{line}'):]
                      for zone, line in (("a", 5), ("b", 6)))
    assert zone_a[1:3] == [f"\t{'upstream = { 192.0.2.3:53 }':40} # {path}:5",
                           f"\t{'selection = fastest':40} # default"]
    assert zone_b[2] == f"\t{'selection = fastest':40} # {path}:6"


def test_check_says_what_memory_it_takes():
    out = check("/dev/null", "-w", "2", "-s", "3M", "-u", "192.0.2.1")
    figures = dict(re.findall(r"^#   (\S.*?) {2,}(\S+ \S+)$", out, re.MULTILINE))
    assert figures["answers (cache)"] == "3 MiB"
    assert len(figures) == 6
    logs = ["--query-log", "stderr"]
    logs += ["--dnstap", "/x"] if servers.is_built_with("dnstap") else []
    assert len(re.findall("^# .* on their way", check(
        "/dev/null", "-u", "192.0.2.1", *logs), re.M)) == len(logs) // 2


# ---- a second level of the cache ----------------------------------------------------------------

needs_hiredis = pytest.mark.skipif("not servers.is_built_with('hiredis')", reason="without hiredis")


@needs_hiredis
def test_second_level_is_printed_without_its_secrets(conf, secret):
    key, password = secret("very secret indeed\n"), secret("open sesame\n", name="pw")
    path = conf(f"upstream = 192.0.2.1\nshared {{\n\tserver = 127.0.0.1\n\tsecret = {key}\n"
                f"\tuser = tarn\n\tpassword = {password}\n\twait = 20ms\n}}\n")
    out = check(path)
    assert f"\t{'server = 127.0.0.1:6379':40} # {path}:3" in out.splitlines()
    assert f"\t{'wait = 20ms':40} # {path}:7" in out.splitlines()
    assert re.search(r"^\t#   18 octets; fleet [0-9a-f]{8}:", out, re.MULTILINE)
    assert "indeed" not in out and "sesame" not in out
    assert statements(check(conf(out, "again"))) == statements(out)


@needs_hiredis
@pytest.mark.parametrize("text,lines", [
    ("server = 127.0.0.1\nsocket = /run/s", [
        "2: server 127.0.0.1:6379: without a secret (head -c 32 /dev/urandom | base64 makes one)",
        '3: socket "/run/s": beside server: one of them']),
    ("server = store.example\nsecret = KEY\nwait = 2s\ndatabase = 65536", [
        "2: server store.example: not an IP address",
        "4: wait 2s: out of bounds (1ms to 1s)",
        "5: database 65536: not a number of a database (0 to 65535)"]),
    ("socket = run/s\nsecret = key", [
        "2: socket run/s: not an absolute path (one that begins with /)",
        "3: secret key: not an absolute path (one that begins with /)"]),
    ("sentinel = 127.0.0.1\nuser = tarn\nsecret = KEY", [
        "2: sentinel 127.0.0.1:26379: without the name of the master",
        '3: user "tarn": without a password']),
    ("server = 127.0.0.1\nsecret = SHORT\npassword = NONE", [
        '3: secret "SHORT": too short: 5 of 16 octets',
        '4: password "NONE": No such file or directory']),
    ("secret = KEY\nlease = yes", [
        '2: secret "KEY": without server, socket or sentinel',
        "3: lease yes: without server, socket or sentinel"]),
])
def test_every_fault_of_a_second_level_has_its_line(conf, secret, text, lines):
    names = {"KEY": secret(), "SHORT": secret("short", name="short"), "NONE": secret().parent / "none"}

    def named(line):
        for name, path in names.items():
            line = line.replace(name, str(path))
        return line
    path = conf(f"upstream = 192.0.2.1 shared {{\n{named(text)}\n}}\n")
    for args, status in (["--check"], 1), ([], 2):
        done = servers.run_tarn(*args, "-c", path)
        assert (done.returncode, done.stdout) == (status, "")
        assert done.stderr.splitlines() == [f"tarn: {path}:{named(line)}" for line in lines]


@needs_hiredis
def test_what_is_unsafe_is_said_and_accepted(conf, secret):
    key = secret(mode=0o644)
    path = conf(f"upstream = 192.0.2.1\nshared {{\n\tserver = 192.0.2.2\n\tsecret = {key}\n}}\n")
    done = servers.run_tarn("--check", "-c", path)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f'tarn: warning: {path}:4: secret "{key}": others can read it, or write to it (chmod o=)',
        f"tarn: warning: {path}:3: server 192.0.2.2:6379: all answers are in the clear on the way "
        "(tls = yes)"]


@pytest.mark.skipif("servers.is_built_with('hiredis')", reason="with hiredis")
def test_build_without_hiredis_names_the_switch(conf, secret):
    path = conf(f"upstream = 192.0.2.1\nshared {{\n\tserver = 127.0.0.1\n\tsecret = {secret()}\n}}\n")
    done = servers.run_tarn("--check", "-c", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"tarn: {path}:3: server 127.0.0.1:6379: tarn was built without a second " \
        "level (--with-hiredis)\n"


# ---- documents -----------------------------------------------------------------------------------

def read(*path):
    with open(os.path.join(DOCS, *path), encoding="ascii") as file:
        return file.read()


def words_of_the_table(tmp_path):
    """(section, word), as --check knows them: it goes through the table."""
    path = tmp_path / "zone.conf"
    path.write_text('forward "a" { }\n'
                    'block "a" { name = a.example answer = { 192.0.2.1 } }\n'
                    'allow "b" { name = b.example }\n'
                    'rpz "c" { file = /c.rpz }\n'
                    'group "a" { clients = 192.0.2.0/24 }\n')
    words, section = set(), None
    for line in check(str(path)).split("# Memory")[0].splitlines():
        if match := re.match(r'([a-z0-9-]+) (?:"\S+" )?\{', line):
            section = match[1]
        elif line == "}":
            section = None
        elif match := re.match(r"\s*(?:# )?([a-z-]+)(?: =|:|, of resolv.conf:)", line):
            words.add((section, match[1]))
    return words


def test_the_manual_has_every_word_and_no_other(tmp_path):
    words, section = set(), None
    for line in read("man", "tarn.conf.5").splitlines():
        if line.startswith(".Ss"):
            section = line.split()[2] if line.startswith(".Ss Section") else None
        elif match := re.match(r"\.It Ic (\S+) = ", line):
            words.add((section, match[1]))
    assert words == words_of_the_table(tmp_path)


def uncommented(text):
    return re.sub(r"^#(?=\S|\t)", "", text, flags=re.MULTILINE)


def as_built(text):
    """Without what this tarn was built without."""
    for part, words in (("dnstap", r"dnstap = /z"), ("microhttpd", r"metrics {[^}]*}"),
                        ("openssl", r"\ttls = 192(?s:.*?)proxies = \S+"),
                        ("openssl", r"\tkey = \S+|\ndnssec {[^}]*}"),
                        ("nghttp2", r"\thttps = .*\n|\tpath = .*\n"),
                        ("hiredis", r"\nshared {[^}]*}")):
        if not servers.is_built_with(part):
            text = re.sub(words, "", text)
    return text


@pytest.fixture
def at_home(authority, secret):
    """With a user, a group and files that every machine has, and the test's certificates."""
    def change(text):
        # A store has one place, and TLS a library of its own.
        text = re.sub(r"\t(socket = /run/valkey|sentinel|master|ca = /etc/tarn/ca|name = store).*\n", "",
                      text)
        for name in "key", "password":
            text = text.replace(f"/etc/tarn/shared.{name}", f'"{secret()}"')
        text = text.replace("server = 10.0.0.5", "server = 127.0.0.1")
        text = text.replace("replica = 10.0.0.6", "replica = 127.0.0.2")
        for name, kind in (("", "name"), ("rsa-", "RSA of 2048 bits")):
            identity = authority.get(kind)
            text = text.replace(f"/etc/tarn/{name}fullchain.pem", f'"{identity.certificate}"')
            text = text.replace(f"/etc/tarn/{name}privkey.pem", f'"{identity.key}"')
        # Servers that are encrypted are not beside those in the clear.
        text = re.sub(r"\nupstream \+= .*", "", text)
        return as_built(text.replace("user = tarn", "user = root").replace("= adm", "= root")
                        .replace('"/etc/tarn/conf.d', '"conf.d'))
    return change


def test_the_example_has_every_word_and_no_other(tmp_path):
    words, section = set(), None
    for line in uncommented(read("examples", "tarn.conf")).splitlines():
        if match := re.match(r'([a-z0-9-]+) (?:"\S+" )?\{', line):
            section = match[1]
        elif match := re.match(r"\s*([a-z-]+) = ", line):
            words.add((section, match[1]))
        if line.rstrip().endswith("}") and not re.match(r"\t", line):
            section = None
    assert words == words_of_the_table(tmp_path)


def test_the_example_is_accepted_with_and_without_its_statements(conf, at_home):
    check(EXAMPLE)
    out = check(conf(at_home(uncommented(read("examples", "tarn.conf")))))
    assert 'forward "corp.example" {' in out


def test_the_examples_defaults_are_the_defaults(conf, at_home):
    """Compares them with those that --check prints without a file."""
    text = uncommented(read("examples", "tarn.conf"))
    everything = statements(check(conf(at_home(text))))
    for line in check("/dev/null").splitlines():
        # These depend on the machine, on where it listens, and on the prefix.
        if line.endswith("# default") and not re.match(r"\s*(workers|hosts|state) =", line):
            assert line.split("#")[0].rstrip() in everything


def test_help_and_both_manuals_name_each_setting_of_the_command_line():
    """tarn.8 has a test of its own; tarn.conf.5 names the option behind each statement."""
    options = set(re.findall(r"^ .{4} --([a-z-]+)", servers.run_tarn("--help").stdout, re.MULTILINE))
    named = set(re.findall(r"\.Pq Fl \\-(\S+)", read("man", "tarn.conf.5")))
    assert named == options - {"config", "check", "probe", "verbose", "version", "help"}
