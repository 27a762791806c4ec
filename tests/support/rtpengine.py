"""rtpengine as the media relay between two far ends: an ICE-lite peer with an RSA certificate, as PBXs have them.

Its control protocol ("ng") is a dictionary in bencoding over UDP, behind a cookie that the answer repeats.
"""

import secrets
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.ports import LOOPBACK, free_ports
from tests.support.require import require

PACKAGE = "rtpengine-daemon"

Value = str | list[str] | Mapping[str, "Value"]


class RtpEngine:
    """One relay on loopback; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = require("rtpengine", package=PACKAGE)
        self._port, low, high = free_ports(3)
        low, high = min(low, high), max(low, high) + 20
        command = [str(program), "--foreground", "--table=-1", f"--interface={LOOPBACK}", "--log-stderr"]
        command += [f"--listen-ng={LOOPBACK}:{self._port}", f"--port-min={low}", f"--port-max={high}", "--log-level=6"]
        command += [f"--pidfile={self._folder / 'pid'}", "--dtls-cert-cipher=RSA", "--no-fallback"]
        with (self._folder / "rtpengine.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline:
            try:
                self._ask({"command": "ping"}, patience=0.2)
            except OSError:
                time.sleep(0.02)
            else:
                return self
        raise TimeoutError(self.log_text())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def log_text(self) -> str:
        """What it wrote."""
        return (self._folder / "rtpengine.log").read_text(errors="replace")

    def offer(self, call: str, sdp: str, **options: str) -> str:
        """The caller's offer, as the called side gets it; `options` are the protocol's, with _ for -."""
        return self._negotiate({"command": "offer", "from-tag": "caller", "call-id": call, "sdp": sdp, **options})

    def answer(self, call: str, sdp: str, **options: str) -> str:
        """The called side's answer, as the caller gets it."""
        tags = {"from-tag": "caller", "to-tag": "called", "call-id": call}
        return self._negotiate({"command": "answer", **tags, "sdp": sdp, **options})

    def _negotiate(self, request: dict[str, str]) -> str:
        words = {key.replace("_", "-"): value for key, value in request.items()}
        ice: dict[str, Value] = {"ICE": "force", "transport-protocol": "UDP/TLS/RTP/SAVPF", "SDES": ["off"]}
        return self._ask({**ice, "replace": ["origin"], "rtcp-mux": ["require"], **words})["sdp"]

    def _ask(self, request: Mapping[str, Value], *, patience: float = 5.0) -> dict[str, str]:
        cookie = secrets.token_hex(6).encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            control.settimeout(patience)
            control.connect((LOOPBACK, self._port))
            control.send(cookie + b" " + _bencoded(request))
            reply = control.recv(65_536)
        told, _, body = reply.partition(b" ")
        assert told == cookie
        answer = _texts(body)
        assert answer["result"] in ("ok", "pong"), answer
        return answer


def _bencoded(value: Value) -> bytes:
    if isinstance(value, str):
        data = value.encode()
        return b"%d:%s" % (len(data), data)
    if isinstance(value, list):
        return b"l" + b"".join(map(_bencoded, value)) + b"e"
    return b"d" + b"".join(_bencoded(key) + _bencoded(value[key]) for key in sorted(value)) + b"e"


def _texts(data: bytes) -> dict[str, str]:
    """The texts of a dictionary of texts; its answers to what we ask are no more than that."""
    found: list[str] = []
    position = 1
    while data[position : position + 1] != b"e":
        colon = data.index(b":", position)
        end = colon + 1 + int(data[position:colon])
        found.append(data[colon + 1 : end].decode())
        position = end
    return dict(zip(found[::2], found[1::2], strict=True))
