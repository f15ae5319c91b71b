# SPDX-License-Identifier: BSD-2-Clause
"""Real servers of DNS over TLS and HTTPS, with a certificate of a test, in front of another one."""

import os
import re
import shutil
import socket
import subprocess
import time

from servers import Process, free_port

SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
NGINX_STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"


def find(program):
    return shutil.which(program, path=SYSTEM_PATH)


def version(program, *words):
    """The first two numbers of a version."""
    done = subprocess.run([find(program), *words], capture_output=True, text=True, timeout=10,
                          check=False)
    match = re.search(r"(?:version|BIND|dnsdist|nginx)\D{0,3}(\d+)\.(\d+)",
                      done.stdout + done.stderr, re.I)
    return tuple(map(int, match.groups())) if match else (0, 0)


class Front(Process):
    """
    A server in front of another one (host and port). tls_port, https_port, and clear_port for
    HTTPS without TLS, are None where it does not serve that.
    """

    program = None
    has_tls = has_https = True
    has_clear = False

    def __init__(self, directory, identity, behind, **options):
        self.directory, self.identity, self.behind = str(directory), identity, behind
        self.host = "127.0.0.1"
        self.tls_port = free_port() if self.has_tls else None
        self.https_port = free_port() if self.has_https else None
        self.clear_port = free_port() if self.has_clear else None
        self.options = options
        os.makedirs(self.directory, exist_ok=True)
        super().__init__(self.command(), cwd=self.directory)
        try:
            for port in filter(None, (self.tls_port, self.https_port, self.clear_port)):
                self._wait_for_port(port)
        except BaseException:
            self.kill()
            raise

    @classmethod
    def why_not(cls):
        """Why it cannot be used here; None: it can."""
        return None if find(cls.program) else f"no {cls.program} on this machine"

    def command(self):
        raise NotImplementedError

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def _wait_for_port(self, port, timeout=10):
        deadline = time.monotonic() + timeout
        while True:
            try:
                socket.create_connection((self.host, port), 1).close()
                return
            except ConnectionRefusedError:
                assert time.monotonic() < deadline and self.child.poll() is None, \
                    f"{self.program} does not listen:\n{self.log}"
                time.sleep(0.01)

    def tls_url(self, name="dns.test"):
        return f"tls://{self.host}:{self.tls_port}#{name}"

    def https_url(self, name="dns.test"):
        return f"https://{name}:{self.https_port}/dns-query#{self.host}"


class Unbound(Front):
    program = "unbound"

    def lines(self):
        return f"""	interface: {self.host}@{self.tls_port}
	interface: {self.host}@{self.https_port}
	tls-port: {self.tls_port}
	https-port: {self.https_port}
	tls-service-key: "{self.identity.key}"
	tls-service-pem: "{self.identity.certificate}"
"""

    def command(self):
        path = self.write("unbound.conf", f"""
server:
{self.lines()}
	access-control: 127.0.0.0/8 allow
	username: ""
	chroot: ""
	directory: "{self.directory}"
	pidfile: ""
	use-syslog: no
	logfile: ""
	num-threads: 1
	module-config: "iterator"
	do-not-query-localhost: no
	qname-minimisation: no
	incoming-num-tcp: {self.options.get("connections", 100)}
remote-control:
	control-enable: no
forward-zone:
	name: "."
	forward-addr: {self.behind.host}@{self.behind.port}
""")
        return [find(self.program), "-d", "-c", path]


class UnboundClear(Unbound):
    """HTTP/2 without TLS, for a proxy."""

    has_tls = has_https = False
    has_clear = True

    def lines(self):
        return f"""	interface: {self.host}@{self.clear_port}
	https-port: {self.clear_port}
	http-notls-downstream: yes
"""


class KnotResolver(Front):
    program = "kresd"

    @classmethod
    def why_not(cls):
        return super().why_not() or (
            None if version("kresd", "-V") < (6, 0) else "no configuration for Knot Resolver 6 yet")

    def command(self):
        path = self.write("kresd.conf", f"""
net.ipv6 = false
net.listen('{self.host}', {self.tls_port}, {{ kind = 'tls' }})
net.listen('{self.host}', {self.https_port}, {{ kind = 'doh2' }})
net.tls('{self.identity.certificate}', '{self.identity.key}')
cache.open(10 * MB, 'lmdb://{self.directory}/cache')
for _, name in ipairs({{'priming', 'ta_update', 'ta_signal_query', 'ta_sentinel',
                       'detect_time_skew', 'detect_time_jump'}}) do
    pcall(modules.unload, name)
end
trust_anchors.remove('.')
policy.add(policy.all(policy.FORWARD('{self.behind.host}@{self.behind.port}')))
""")
        return [find(self.program), "-n", "-c", path, self.directory]


class Dnsdist(Front):
    program = "dnsdist"

    def command(self):
        files = f"'{self.identity.certificate}', '{self.identity.key}'"
        path = self.write("dnsdist.conf", f"""
setACL('127.0.0.0/8')
setSecurityPollSuffix('')
addTLSLocal('{self.host}:{self.tls_port}', {files})
addDOHLocal('{self.host}:{self.https_port}', {files}, '/dns-query')
newServer({{ address = '{self.behind.host}:{self.behind.port}' }})
getServer(0):setUp()
""")
        return [find(self.program), "--supervised", "--disable-syslog", "-C", path]


class Bind(Front):
    program = "named"

    def command(self):
        path = self.write("named.conf", f"""
tls local {{
    cert-file "{self.identity.certificate}";
    key-file "{self.identity.key}";
}};
http local {{ endpoints {{ "/dns-query"; }}; }};
options {{
    directory "{self.directory}";
    pid-file none;
    session-keyfile none;
    listen-on port {self.tls_port} tls local {{ {self.host}; }};
    listen-on port {self.https_port} tls local http local {{ {self.host}; }};
    listen-on-v6 {{ none; }};
    forward only;
    forwarders {{ {self.behind.host} port {self.behind.port}; }};
    dnssec-validation no;
    empty-zones-enable no;
}};
controls {{ }};
""")
        return [find(self.program), "-g", "-4", "-n", "1", "-c", path]


class NginxStream(Front):
    """nginx in front of a server's TCP."""

    program = "nginx"
    has_https = False

    @classmethod
    def why_not(cls):
        return super().why_not() or (
            None if os.path.exists(NGINX_STREAM) else "no stream module of nginx on this machine")

    def command(self):
        return self.run_nginx(f"load_module {NGINX_STREAM};", f"""
stream {{
    server {{
        listen {self.host}:{self.tls_port} ssl;
        ssl_certificate {self.identity.certificate};
        ssl_certificate_key {self.identity.key};
        proxy_pass {self.behind.host}:{self.behind.port};
    }}
}}""")

    def run_nginx(self, head, body):
        path = self.write("nginx.conf", f"""
{head}
daemon off;
{"user root;" if os.geteuid() == 0 else ""}
worker_processes 1;
pid "{self.directory}/nginx.pid";
error_log stderr warn;
events {{ worker_connections 256; }}
{body}
""")
        return [find(self.program), "-p", self.directory, "-c", path, "-e", "stderr"]


class NginxHttps(NginxStream):
    """nginx in front of h2c (behind.clear_port); it ends a connection after `requests` of them."""

    has_tls, has_https = False, True

    @classmethod
    def why_not(cls):
        return Front.why_not.__func__(cls)

    def command(self):
        folders = "\n".join(f"    {kind}_temp_path {self.directory}/{kind};" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return self.run_nginx("", f"""
http {{
    access_log off;
{folders}
    keepalive_requests {self.options.get("requests", 1000)};
    server {{
        listen {self.host}:{self.https_port} ssl http2;
        ssl_certificate {self.identity.certificate};
        ssl_certificate_key {self.identity.key};
        location / {{ grpc_pass grpc://{self.behind.host}:{self.behind.clear_port}; }}
    }}
}}""")


FRONTS = {"unbound": Unbound, "kresd": KnotResolver, "dnsdist": Dnsdist, "named": Bind,
          "nginx-stream": NginxStream, "nginx": NginxHttps, "unbound-clear": UnboundClear}
