"""A small HTTP server that misbehaves on request."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

CONTENT = np.random.default_rng(0).bytes(300_000)
HALF = len(CONTENT) // 2


class Handler(BaseHTTPRequestHandler):
    """The first part of the path names the behaviour."""

    def do_GET(self):
        server = self.server
        behaviour = self.path.split("/")[1]
        self.asked = self.headers.get("Range")
        with server.lock:
            server.seen[behaviour] += 1
            server.ranges.append(self.asked)
            self.first = server.seen[behaviour] == 1
        getattr(self, behaviour)()

    def _send(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _whole(self, body=CONTENT):
        self._send(200, body, Content_Length=str(len(body)))

    def good(self):
        if self.asked is None:
            return self._whole()
        start = int(self.asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(CONTENT):
            return self._send(416, b"", Content_Range=f"bytes */{len(CONTENT)}")
        span = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        body = CONTENT[start:]
        return self._send(206, body, Content_Range=span, Content_Length=str(len(body)))

    def ignores_range(self):
        self._whole()

    def breaks_off(self):
        if not self.first:
            return self.good()
        return self._send(200, CONTENT[:HALF], Content_Length=str(len(CONTENT)))

    def breaks_off_and_ignores_range(self):
        (self.breaks_off if self.first else self.ignores_range)()

    def always_breaks_off(self):
        self._send(200, CONTENT[:HALF], Content_Length=str(len(CONTENT)))

    def stalls(self):
        if not self.first:
            return self.good()
        self._send(200, CONTENT[:HALF], Content_Length=str(len(CONTENT)))
        self.wfile.flush()
        self.server.hung_up_on = self.server.released.wait(5)
        return None

    def trickles(self):
        start = int((self.asked or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        body = CONTENT[start : start + 40_000]
        self._send(206, body, Content_Range=span, Content_Length=str(len(CONTENT) - start))

    def shifted(self):
        if self.asked is None:
            return self._whole()
        return self._send(206, CONTENT[7:], Content_Range=f"bytes 7-{len(CONTENT) - 1}/*")

    def corrupt(self):
        self._whole(bytes(len(CONTENT)))

    def page(self):
        self._whole(b"<html>please log in</html>")

    def no_length(self):
        self._send(200, CONTENT)

    def missing(self):
        self._send(404, b"")

    def busy(self):
        if self.first:
            return self._send(503, b"")
        return self.good()

    def slow(self):
        self.server.released.wait(5)
        self.good()

    def log_message(self, *_):
        """Stay silent."""


class Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.seen = Counter()
        self.ranges = []
        self.content = CONTENT
        self.hung_up_on = None

    def url(self, behaviour):
        return f"http://127.0.0.1:{self.server_port}/{behaviour}/file.bin"

    def handle_error(self, request, client_address):
        """Take a client that hangs up as it is."""


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()
