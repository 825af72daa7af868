"""A registry of npm packages, on this machine only: registry.py FOLDER PORTFILE

Serves the packages of FOLDER/*.tgz by their names; writes its port to PORTFILE.
Under /none/ there is nothing. Ends after ten minutes by itself.
"""

import base64
import glob
import hashlib
import json
import os
import sys
import tarfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder, port_file = sys.argv[1:]
packages = {}
for path in glob.glob(os.path.join(folder, "*.tgz")):
    with tarfile.open(path) as archive:
        package = json.load(archive.extractfile("package/package.json"))
    with open(path, "rb") as file:
        digest = hashlib.sha512(file.read()).digest()
    packages[package["name"]] = (path, package, base64.b64encode(digest).decode())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = urllib.parse.unquote(self.path).lstrip("/")
        data = None
        if path in packages:
            file, package, digest = packages[path]
            package["dist"] = {
                "tarball": "http://%s/%s" % (self.headers["Host"], os.path.basename(file)),
                "integrity": "sha512-" + digest,
            }
            version = package["version"]
            data = json.dumps({
                "name": path, "versions": {version: package},
                "dist-tags": {"latest": version}}).encode()
        elif path in map(os.path.basename, glob.glob(os.path.join(folder, "*.tgz"))):
            with open(os.path.join(folder, path), "rb") as file:
                data = file.read()
        self.send_response(200 if data else 404)
        self.send_header("Content-Length", str(len(data or b"{}")))
        self.end_headers()
        self.wfile.write(data or b"{}")

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Timer(600, server.shutdown).start()
with open(port_file + ".new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
server.serve_forever()
