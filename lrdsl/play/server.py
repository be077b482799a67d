"""The server of the playground, for one user of this machine: files of the page, and answers to its questions.

Python's own server does: there are two kinds of requests, on the loopback address alone, and a dependency would add nothing. Other sites cannot ask it, for it
checks `Host` (a name that another site points at this machine is refused) and `Origin`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lrdsl import __version__
from lrdsl.play.answers import answer
from lrdsl.play.pages import Asset, assets
from lrdsl.play.questions import MAX_QUESTION
from lrdsl.play.workers import Answering, Worker

#: The address of the server: this machine, and no other can reach it.
ADDRESS = "127.0.0.1"
#: How many seconds a connection may be silent, and how many there may be at once.
_SILENCE, _MOST_CONNECTIONS = 60, 64
#: What the page may load and do: its own files, and nothing of another place.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: The ways of the questions. What may take long goes its own way, so that no chart waits for it.
_QUICK, _SLOW = "/ask", "/ask/slow"


class Playground(ThreadingHTTPServer):
    """The server, with its workers: one for what is shown at each key, and one for what may take longer."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0, answering: Answering = answer, seconds: float | None = None) -> None:
        self.assets: Mapping[str, Asset] = assets()
        limit = () if seconds is None else (seconds,)
        self.workers = {_QUICK: Worker(answering, *limit), _SLOW: Worker(answering, *limit)}
        self.free = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        super().__init__((ADDRESS, port), Handler)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{ADDRESS}:{self.port}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which a browser of this machine knows the server."""
        return f"{ADDRESS}:{self.port}", f"localhost:{self.port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begins with a connection, unless there are too many."""
        if not self.free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serves a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: a browser that closes a connection is no error."""

    def server_close(self) -> None:
        """Ends the server and its workers."""
        super().server_close()
        for worker in self.workers.values():
            worker.stop()


class Handler(BaseHTTPRequestHandler):
    """A connection."""

    server: Playground
    protocol_version = "HTTP/1.1"
    server_version, sys_version = f"lrdsl/{__version__}", ""
    timeout = _SILENCE
    disable_nagle_algorithm = True  # an answer is one small packet, which must not wait

    def do_GET(self) -> None:
        """Sends a file of the page."""
        if not self._is_ours():
            return
        asset = self.server.assets.get(self.path.partition("?")[0])
        if asset is None:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such file")
        else:
            self._send(HTTPStatus.OK, asset.content, asset.type)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        """Answers a question of the page."""
        if not self._is_ours():
            return
        worker = self.server.workers.get(self.path)
        length = self.headers.get("Content-Length", "")
        if worker is None:
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing to ask here")
        elif self.headers.get("Origin") not in [f"http://{host}" for host in self.server.hosts]:
            self._refuse(HTTPStatus.FORBIDDEN, "only the page itself may ask")
        elif self.headers.get("Content-Type") != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a question is application/json")
        elif not (length.isascii() and length.isdigit()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "give the length of the question")
        elif len(length) > 9 or int(length) > MAX_QUESTION:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a question has at most {MAX_QUESTION} bytes")
        else:
            question = self.rfile.read(int(length)).decode("utf-8", "replace")
            self._send(HTTPStatus.OK, worker.ask(question).encode(), "application/json")

    def _is_ours(self) -> bool:
        """Whether a request names this server, and comes from no other site. If not, it is refused."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].lower() not in self.server.hosts:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, f"this server is {self.server.url}")
            return False
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin") and self.headers.get("Sec-Fetch-Mode") != "navigate":
            self._refuse(HTTPStatus.FORBIDDEN, "only the page itself may ask")
            return False
        return True

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self.close_connection = True
        self._send(status, f"{reason}\n".encode(), "text/plain; charset=utf-8")

    def _send(self, status: HTTPStatus, content: bytes, type: str) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": type, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self._headers_buffer.append(b"\r\n")  # type: ignore[attr-defined]
        body = b"" if self.command == "HEAD" else content
        self._headers_buffer.append(body)  # type: ignore[attr-defined] # one packet
        self.flush_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: what is asked is the user's."""
