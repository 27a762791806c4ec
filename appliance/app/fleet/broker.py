"""[I/O] The broker of a fleet as `deploy/broker` describes it, on this machine: for a trial, and for tests.

The very files that are installed for a real fleet, with other folders and ports, on loopback; its certificates, its
accounts and their passwords live as long as it does.
"""

import asyncio
import getpass
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.config.secret import Secret
from appliance.errors import DriverError
from appliance.provision.authority_folder import ACCOUNTS, AuthorityFolder
from appliance.sim.loopback import LOOPBACK, free_ports
from appliance.sim.mosquitto import MosquittoProcess, found_program

_INSTALLED: Final = "/etc/mosquitto/intercom"  # of the files that intercom.conf names
_PAGE: Final = "/usr/share/intercom/dashboard"
_TLS_PORT: Final = "8883"
_PAGE_PORT: Final = "9001"


class FleetBroker:
    """`async with FleetBroker(folder, Path("deploy/broker"), page) as broker:` runs it with its files in `folder`.

    `port` is the units' (TLS, a certificate each); `url` is the dashboard, whose page is in the folder `page`, without
    TLS and on `page_port`, where 0 takes a free one. `options` are more lines of configuration. Raises `DriverError` if
    Mosquitto is not there or does not start.
    """

    host: Final = LOOPBACK

    def __init__(
        self,
        folder: Path,
        templates: Path,
        page: Path | None = None,
        *,
        page_port: int = 0,
        options: Sequence[str] = (),
    ) -> None:
        self.certificates = AuthorityFolder(folder, datetime.now(UTC))
        self.passwords: Mapping[str, Secret] = {role: Secret(secrets.token_urlsafe(9)) for role in ACCOUNTS}
        self.port, free = free_ports(2)
        self.page_port = page_port or free
        self._folder = folder
        self._templates = templates
        self._page = page or folder
        self._options = options
        self._process = MosquittoProcess(folder / "mosquitto.conf")

    async def __aenter__(self) -> Self:
        self.certificates.certify_server(["localhost", LOOPBACK])
        self._write_configuration()
        await self._write_accounts()
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._process.stop()

    @property
    def url(self) -> str:
        """The dashboard, for browsers on this machine."""
        return f"http://{LOOPBACK}:{self.page_port}/"

    @property
    def pid(self) -> int | None:
        """Its process."""
        return self._process.pid

    def log_text(self) -> str:
        """What it wrote since it was last started."""
        return self._process.log_text()

    async def start(self) -> None:
        """Start it, on the same ports if it ran before; it remembers nothing. Raises `DriverError`."""
        problem = await self._process.start(self.port, self.page_port)
        if problem:
            raise DriverError(f"Mosquitto does not start: {problem}")

    async def kill(self) -> None:
        """Take it away without a goodbye."""
        await self._process.kill()

    def reload(self) -> None:
        """Have it read accounts, access rules and revoked certificates again."""
        self._process.reload()

    def _write_configuration(self) -> None:
        text = (self._templates / "intercom.conf").read_text()
        for installed, here in (
            (_INSTALLED, str(self._folder)),
            (_PAGE, str(self._page)),
            (f"listener {_TLS_PORT}", f"listener {self.port} {LOOPBACK}"),
            (f"listener {_PAGE_PORT}", f"listener {self.page_port}"),
        ):
            text = text.replace(installed, here)
        (self._folder / "access").write_text((self._templates / "access").read_text())
        lines = [f"user {getpass.getuser()}", "persistence false", *self._options, text]
        (self._folder / "mosquitto.conf").write_text("\n".join(lines))

    async def _write_accounts(self) -> None:
        accounts = self._folder / "accounts"
        accounts.touch(mode=0o600)
        accounts.write_text("".join(f"{role}:{word.reveal()}\n" for role, word in self.passwords.items()))
        # Hashed in place: a password has no business on a command line.
        program = found_program("mosquitto_passwd")
        process = await asyncio.create_subprocess_exec(program, "-U", str(accounts))
        if await process.wait():
            raise DriverError(f"mosquitto_passwd can't read {accounts}")
