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
                        ("nghttp2", r"\thttps = .*\n|\tpath = .*\n")):
        if not servers.is_built_with(part):
            text = re.sub(words, "", text)
    return text


@pytest.fixture
def at_home(authority):
    """With a user, a group and files that every machine has, and the test's certificates."""
    def change(text):
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
