"""An HTTPS address that takes what is posted, and answers as it is told."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.authority import Authority


class HttpsInbox:
    """`answers` are the statuses of the next requests, then 204; `posted` is what came, by path."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[int] = []
        self.posted: list[tuple[str, Any]] = []


@contextmanager
def https_inbox(folder: Path) -> Iterator[tuple[HttpsInbox, Path]]:
    """Within, it listens on loopback; with the PEM file to trust."""
    authority = Authority(folder)
    certificate = authority.issue("localhost")
    inbox = HttpsInbox("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain = self.headers["Content-Type"].startswith("text/plain")
            inbox.posted.append((self.path, body.decode() if plain else json.loads(body)))
            self.send_response(inbox.answers.pop(0) if inbox.answers else 204)
            self.send_header("Location", "https://localhost/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        inbox.url = f"https://localhost:{server.server_address[1]}/feedback?unit=1"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield inbox, authority.root
        finally:
            server.shutdown()
            thread.join()
