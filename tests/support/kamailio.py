"""Kamailio as the registrar and proxy of a test: UDP, ws and wss on free loopback ports.

Called numbers: a user with a binding rings at every contact (forking); a user without one answers 480; anything else
404; `code-486` answers 486, and so on for 300 to 699.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.authority import LOOPBACK_NAMES, Authority
from tests.support.ports import LOOPBACK, free_ports
from tests.support.require import require

PACKAGES = "kamailio kamailio-websocket-modules kamailio-tls-modules"
_TABLES = Path("/usr/share/kamailio/db_sqlite")
_CONFIGURATION = Path(__file__).with_name("kamailio.cfg")
_TLS = """\
[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
certificate = {chain}
private_key = {key}
"""


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of an AOR, as the registrar has it."""

    user: str
    contact: str
    expires: int
    instance: str
    user_agent: str


class Kamailio:
    """One Kamailio with its own folder, certificates and users.

    A (sync or async) context manager; also `start()` and `stop()`.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        domain: str = "sip.test",
        algorithm: str = "MD5",
        max_expires: int = 600,
        nonce_expire: int = 300,
        ring_timeout: float = 90.0,
        certificate_starts: float | None = None,
        presence: bool = False,
    ) -> None:
        self.users = dict(users)
        self.domain = domain
        self._options = {
            "algorithm": algorithm,
            "max_expires": max_expires,
            "nonce_expire": nonce_expire,
            "ring_timeout_ms": round(ring_timeout * 1000),
        }
        self._certificate_starts = certificate_starts
        self._presence = presence
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()
        self.udp = self.ws = self.wss = 0
        self.ca_file = Path()

    @property
    def ws_url(self) -> str:
        """The registrar over a bare WebSocket."""
        return f"ws://{LOOPBACK}:{self.ws}/ws"

    @property
    def wss_url(self) -> str:
        """The registrar over TLS; trust `ca_file`."""
        return f"wss://{LOOPBACK}:{self.wss}/ws"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def start(self) -> None:
        """Choose ports, write the configuration, start, and wait until a worker answers."""
        require("kamailio", package=PACKAGES)
        self._folder = Path(tempfile.mkdtemp(prefix="kamailio-"))
        self.udp, self.ws, self.wss = free_ports(3)
        self._write_configuration()
        try:
            self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, and remove its folder."""
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            self.resume()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Take it away without a goodbye, as a crash or a power cut does. `restart()` brings it back."""
        assert self._process is not None, "not started"
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def pause(self) -> None:
        """Let it fall silent with every connection open, as an overloaded machine does, until `resume()`."""
        assert self._process is not None, "not started"
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause()`."""
        assert self._process is not None, "not started"
        os.killpg(self._process.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Start it again on the same ports, with no memory of who was registered."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._launch()

    def rpc(self, method: str, *parameters: str | int) -> Any:
        """The result of a control command, such as `core.uptime`."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        answer = self._folder / "answer.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as control:
            answer.unlink(missing_ok=True)
            control.bind(str(answer))
            control.settimeout(5)
            control.sendto(json.dumps(request).encode(), str(self._folder / "rpc.sock"))
            reply = json.loads(control.recv(1 << 20))
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply["result"]

    def bindings(self, user: str | None = None) -> list[Binding]:
        """Who is registered (just `user`, or everybody)."""
        return [binding for binding in _bindings(self.rpc("ul.dump")) if user in (None, binding.user)]

    def refuse_register(self, status: int | None) -> None:
        """Answer every REGISTER with `status` from now on; None registers again."""
        self._turn("register", status)

    def refuse_websocket(self, status: int | None) -> None:
        """Answer every WebSocket handshake with the HTTP `status` from now on; None accepts again."""
        self._turn("handshake", status)

    def vouch(self, verdict: str | None) -> None:
        """Say of every caller that the number was verified so, who they are and over whom they came; None: nothing."""
        self._turn("vouch", verdict)

    def refuse_tokens(self, method: str, code: int | None) -> None:
        """Answer every REGISTER or INVITE that shows an access token with 403 and this code; None accepts again."""
        self._turn(f"token-{method}", code)

    def grant_tokens(self, until: float | None) -> None:
        """Say in the 200 to a REGISTER that its access token holds until then (seconds since 1970); None: nothing."""
        self._turn("token-until", None if until is None else round(until))

    def log_text(self) -> str:
        """What it wrote since it was last started: a line a REQUEST, RESPONSE, REGISTERED, FORWARDED, WEBSOCKET…"""
        return (self._folder / "kamailio.log").read_text(errors="replace")

    def wait_log(self, wanted: Callable[[str], bool], *, seconds: float = 5.0) -> str:
        """Wait until a line of the log satisfies `wanted`; that line. Blocks: from a loop use `asyncio.to_thread`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self.log_text().splitlines():
                if wanted(line):
                    return line
            time.sleep(0.02)
        raise TimeoutError(f"nothing like it in {seconds} s; the log:\n{self.log_text()[-3000:]}")

    def _turn(self, knob: str, value: int | str | None) -> None:
        if value is None:
            self.rpc("htable.delete", "knob", knob)
        else:
            self.rpc("htable.sets", "knob", knob, str(value))

    def _write_configuration(self) -> None:
        authority = Authority(self._folder)
        certificate = authority.issue(*LOOPBACK_NAMES, self.domain, starts=self._certificate_starts)
        self.ca_file = authority.root
        values = {
            **self._options,
            "folder": self._folder,
            "host": LOOPBACK,
            "domain": self.domain,
            "udp": self.udp,
            "ws": self.ws,
            "wss": self.wss,
            "passwords": "\n".join(f'  $sht(password=>{user}) = "{word}";' for user, word in self.users.items()),
        }
        text = _CONFIGURATION.read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        (self._folder / "kamailio.cfg").write_text(text)
        if self._presence:
            with contextlib.closing(sqlite3.connect(self._folder / "presence.sqlite")) as database:
                for script in ("standard", "presence"):
                    database.executescript((_TABLES / f"{script}-create.sql").read_text())
        (self._folder / "tls.cfg").write_text(_TLS.format(chain=certificate.chain, key=certificate.key))

    def _launch(self, *, seconds: float = 10.0) -> None:
        (self._folder / "rpc.sock").unlink(missing_ok=True)
        program = require("kamailio", package=PACKAGES)
        folder = str(self._folder)
        arguments = ["-DD", "-E", "-m", "64", "-M", "8", "-Y", folder, "-w", folder]
        if self._presence:
            arguments += ["-A", "WITH_PRESENCE"]
        with (self._folder / "kamailio.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(program), *arguments, "-P", f"{folder}/pid", "-f", f"{folder}/kamailio.cfg"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # The sockets accept before the workers exist; the control socket answers when they do.
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"kamailio did not start:\n{self.log_text()[-3000:]}")
            try:
                self.rpc("core.uptime")
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise TimeoutError(f"kamailio did not answer in {seconds} s:\n{self.log_text()[-3000:]}")


def _bindings(dump: Any) -> Iterator[Binding]:
    for domain in dump["Domains"]:
        for record in domain["Domain"]["AoRs"]:
            for entry in record["Info"]["Contacts"]:
                contact = entry["Contact"]
                yield Binding(
                    user=record["Info"]["AoR"].partition("@")[0],
                    contact=contact["Address"],
                    expires=int(contact["Expires"]) if str(contact["Expires"]).isdigit() else 0,
                    instance=contact.get("Instance", ""),
                    user_agent=contact.get("User-Agent", ""),
                )
