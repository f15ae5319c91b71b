# SPDX-License-Identifier: BSD-2-Clause
"""Trust anchors of a running program: read at the start and at a reload, in the sandbox."""

import signal

import pytest

import servers

DIGEST = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
ROOT_DS = f". IN DS 20326 8 2 {DIGEST}\n"


@pytest.fixture
def needs_openssl():
    if not servers.is_built_with("openssl"):
        pytest.skip("tarn was built without OpenSSL")


class Anchored:
    """tarn with a configuration and a file of anchors, each in a folder of its own."""

    def __init__(self, run_tarn, folder):
        self.run_tarn = run_tarn
        self.conf = folder / "etc" / "tarn.conf"
        self.anchors = folder / "dns" / "root.ds"
        self.conf.parent.mkdir()
        self.anchors.parent.mkdir()
        self.anchors.write_text(ROOT_DS)
        self.tarn = None
        self.outcomes = {}

    def write(self, statements):
        self.conf.write_text(f"upstream = 127.0.0.1:9\ndnssec {{\n\t{statements}\n}}\n")

    def validating(self):
        return f"validate = yes\n\tanchors = {self.anchors}"

    def run(self, statements):
        self.write(statements)
        self.tarn = self.run_tarn("-v", "--config", self.conf)

    def reload(self, outcome):
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.tarn.child.send_signal(signal.SIGHUP)
        self.tarn.wait_for_line(f"the configuration {outcome}", self.outcomes[outcome])

    def has_sandbox(self):
        return "in the sandbox: files," in self.tarn.log


@pytest.fixture
def anchored(run_tarn, tmp_path):
    return Anchored(run_tarn, tmp_path)


@pytest.mark.usefixtures("needs_openssl")
def test_anchors_are_read_again(anchored):
    """A file that is wrong changes nothing."""
    anchored.run(anchored.validating())
    anchored.anchors.write_text(ROOT_DS + "\n. IN NS a.\n")
    anchored.reload("is not reloaded")
    anchored.tarn.wait_for_line(r"dns/root\.ds:3: neither DS nor DNSKEY$")
    anchored.anchors.unlink()
    anchored.reload("is not reloaded")
    anchored.tarn.wait_for_line(r"dns/root\.ds: trust anchors: No such file or directory$")
    anchored.anchors.write_text(ROOT_DS)
    anchored.reload("has been reloaded")


@pytest.mark.usefixtures("needs_openssl")
def test_validation_is_switched_off_and_on_again(anchored):
    anchored.run(anchored.validating())
    anchored.tarn.wait_for_line(r"tarn: validating answers \(DNSSEC\)$")
    anchored.write("validate = no")
    anchored.reload("has been reloaded")
    anchored.tarn.wait_for_line("answers are not validated any more")
    anchored.write(anchored.validating())
    anchored.reload("has been reloaded")
    anchored.tarn.wait_for_line(r"tarn: validating answers \(DNSSEC\)$")


@pytest.mark.usefixtures("needs_openssl")
def test_validation_that_begins_in_the_sandbox_takes_a_restart(anchored):
    anchored.run("validate = no")
    if not anchored.has_sandbox():
        pytest.skip("no sandbox here")
    anchored.write(anchored.validating())
    anchored.reload("is not reloaded")
    anchored.tarn.wait_for_line(
        r"tarn\.conf:3: validate: .*; in the sandbox that takes a restart$")


@pytest.mark.usefixtures("needs_openssl")
def test_anchors_elsewhere_take_a_restart(anchored, tmp_path):
    anchored.run(anchored.validating())
    if not anchored.has_sandbox():
        pytest.skip("no Landlock here")
    elsewhere = tmp_path / "root.ds"
    elsewhere.write_text(ROOT_DS)
    anchored.write(f"validate = yes\n\tanchors = {elsewhere}")
    anchored.reload("is not reloaded")
    anchored.tarn.wait_for_line("trust anchors: Permission denied; in the sandbox that takes a "
                                "restart$")


@pytest.mark.usefixtures("needs_openssl")
def test_start_without_the_file_is_refused(tmp_path):
    conf = tmp_path / "tarn.conf"
    conf.write_text(f"dnssec {{ validate = yes anchors = {tmp_path}/none }}\n")
    for options in (["--check"], ["--listen", "127.0.0.1:0"]):
        run = servers.run_tarn("--config", conf, "--upstream", "127.0.0.1:9", *options)
        assert run.returncode == (1 if options == ["--check"] else 2)
        assert run.stderr == f"tarn: {tmp_path}/none: trust anchors: No such file or directory\n"


def test_without_openssl_validation_is_refused(tmp_path):
    if servers.is_built_with("openssl"):
        pytest.skip("tarn was built with OpenSSL")
    conf = tmp_path / "tarn.conf"
    conf.write_text(f'dnssec {{ validate = yes anchors = none anchor = "{ROOT_DS.strip()}" }}\n')
    run = servers.run_tarn("--check", "--config", conf, "--upstream", "127.0.0.1:9")
    assert run.returncode == 1
    assert run.stderr == f"tarn: {conf}:1: validate: tarn was built without OpenSSL\n"


def test_library_is_loaded_for_validation_only(run_tarn, anchored):
    """It takes time and memory."""
    def has_library(tarn):
        with open(f"/proc/{tarn.pid}/maps", encoding="ascii") as maps:
            return "libcrypto" in maps.read()

    assert not has_library(run_tarn(upstreams=["127.0.0.1:9"]))
    if servers.is_built_with("openssl"):
        anchored.run(anchored.validating())
        assert has_library(anchored.tarn)
