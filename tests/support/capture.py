"""What really goes over loopback, as tshark has seen it."""

import asyncio
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.require import require

PACKAGE = "tshark"
_FIELDS: Final = ("ip.dsfield.dscp", "ipv6.tclass.dscp", "udp.srcport", "tcp.srcport", "udp.dstport", "tcp.dstport")


class Capture:
    """Every packet on loopback inside `async with`; `packets()` after it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "loopback.pcapng"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        program = str(require("tshark", package=PACKAGE))
        self._process = await asyncio.create_subprocess_exec(
            program, "-i", "lo", "-w", str(self._file), "-s", "120", stderr=asyncio.subprocess.PIPE
        )
        assert self._process.stderr is not None
        async with asyncio.timeout(15):
            while b"Capturing on" not in await self._process.stderr.readline():
                pass
            while not (self._file.exists() and self._file.stat().st_size):  # noqa: ASYNC110 -- another program's file
                await asyncio.sleep(0.05)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        await asyncio.sleep(0.5)  # what is on its way through the capture's buffer
        self._process.terminate()
        await self._process.communicate()

    def marks(self, *, source: int = 0, target: int = 0) -> list[int]:
        """The DSCP of each packet with a payload from or to a port of this machine, in order."""
        ports = {"srcport": source, "dstport": target}
        wanted = [f"(udp.{name} == {port} or tcp.{name} == {port})" for name, port in ports.items() if port]
        rows = self._read(" and ".join([*wanted, "(udp or tcp.len > 0)"]))
        return [int(row["ip.dsfield.dscp"] or row["ipv6.tclass.dscp"]) for row in rows]

    def _read(self, display: str) -> list[Mapping[str, str]]:
        program = str(require("tshark", package=PACKAGE))
        fields = [argument for name in _FIELDS for argument in ("-e", name)]
        command = [program, "-r", str(self._file), "-Y", display, "-T", "fields", "-E", "separator=,", *fields]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [dict(zip(_FIELDS, line.split(","), strict=True)) for line in text.splitlines()]
