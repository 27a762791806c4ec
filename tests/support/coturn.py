"""Coturn as the STUN and TURN server of a test: UDP, TCP and TLS on free loopback ports."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.media.settings import TurnServer
from tests.support.authority import Authority
from tests.support.ports import LOOPBACK, free_ports
from tests.support.require import require

PACKAGE = "coturn"


class Coturn:
    """One server with one account; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = Authority(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self.tls_port, *self._range = free_ports(4)

    def url(self, transport: str) -> str:
        """Its address for "udp", "tcp" or "tls"."""
        if transport == "tls":
            return f"turns:{LOOPBACK}:{self.tls_port}"
        return f"turn:{LOOPBACK}:{self.port}?transport={transport}"

    def server(self, *transports: str) -> TurnServer:
        """What a phone is told of it."""
        urls = tuple(map(self.url, transports))
        return TurnServer(urls=urls, username="phone", password="secret", ca_file=str(self._authority.root))

    def __enter__(self) -> Self:
        program = require("turnserver", package=PACKAGE)
        certificate = self._authority.issue()
        low, high = sorted(self._range)
        command = [str(program), "-n", "--no-cli", "--no-dtls", "--allow-loopback-peers", "--lt-cred-mech"]
        command += [f"--listening-port={self.port}", f"--tls-listening-port={self.tls_port}"]
        command += [f"--listening-ip={LOOPBACK}", f"--relay-ip={LOOPBACK}", f"--min-port={low}", f"--max-port={high}"]
        command += [f"--cert={certificate.chain}", f"--pkey={certificate.key}", "--user=phone:secret"]
        command += ["--realm=sip.test", f"--pidfile={self._folder / 'pid'}", f"--userdb={self._folder / 'db'}"]
        command += ["--log-file=stdout", "--simple-log", "--verbose"]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex((LOOPBACK, self.tls_port)) == 0:
                    return self
            time.sleep(0.02)
        self.kill()
        raise TimeoutError(self.log_text())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """Take it away without a goodbye."""
        assert self._process is not None
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def log_text(self) -> str:
        """What it wrote."""
        return (self._folder / "log").read_text(errors="replace")
