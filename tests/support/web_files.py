"""A web site of files, slow and broken ones too."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebFiles:
    """`files` are what it has, by path; `asked` are the paths that were asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.redirections: dict[str, str] = {}
        self.asked: list[str] = []
        self.endless = "/endless"
        """A path whose answer never ends,"""
        self.drip = "/drip"
        """and one of which a byte comes every 0.1 s."""
        self.port = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def web_files() -> Iterator[WebFiles]:
    """Within, it is on loopback."""
    site = WebFiles()
    ending = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            path = self.path.partition("?")[0]
            if path in site.redirections:
                self.send_response(302)
                self.send_header("Location", site.redirections[path])
                self.end_headers()
            elif path in (site.endless, site.drip):
                self.send_response(200)
                self.end_headers()
                self._go_on(b"x" * 1_000_000 if path == site.endless else b"x", 0.0 if path == site.endless else 0.1)
            elif path in site.files:
                self.send_response(200)
                self.send_header("Content-Length", str(len(site.files[path])))
                self.end_headers()
                self.wfile.write(site.files[path])
            else:
                self.send_error(404)

        def _go_on(self, piece: bytes, pause: float) -> None:
            try:
                while not ending.is_set():
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(pause)
            except OSError:
                return  # whoever asked has enough

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield site
        finally:
            ending.set()
            server.shutdown()
            thread.join()
