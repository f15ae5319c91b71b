# SPDX-License-Identifier: BSD-2-Clause
"""serve.py FOLDER: an HTTP server of the files of a folder, with ETags, on a free port of the loopback interface.
It prints the port, and writes a line for each answer to FOLDER/answers. /moved-to-NAME leads to /NAME, and the
length of /endless is a lie."""

import hashlib
import http.server
import os
import sys

folder = sys.argv[1]
MOVED = "/moved-to-"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith(MOVED):
            self.send_response(302)
            self.send_header("Location", "/" + self.path[len(MOVED):])
            self.end_headers()
            return
        try:
            with open(os.path.join(folder, os.path.basename(self.path)), "rb") as file:
                data = file.read()
        except FileNotFoundError:
            self.send_error(404)
            return
        etag = '"' + hashlib.sha256(data).hexdigest() + '"'
        is_known = self.headers.get("If-None-Match") == etag
        self.send_response(304 if is_known else 200)
        self.send_header("ETag", etag)
        if not is_known:
            is_endless = self.path == "/endless"
            self.send_header("Content-Length", str(1 << 40 if is_endless else len(data)))
        self.end_headers()
        if not is_known:
            self.wfile.write(data)

    def log_request(self, code="-", size="-"):
        with open(os.path.join(folder, "answers"), "a", encoding="ascii") as file:
            print(self.path, int(code), file=file)


with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
