"""A private MQTT broker for a simulation: a Mosquitto of its own, on loopback, gone when the simulation ends."""

import asyncio
import logging
import shutil
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.errors import DriverError

log = logging.getLogger(__name__)

_SEARCHED: Final = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/opt/homebrew/sbin"
_PATIENCE: Final = 10.0  # seconds to start, and to stop
_ATTEMPTS: Final = 5  # at finding a port that nobody else takes meanwhile


class PrivateBroker:
    """`async with PrivateBroker() as broker:` runs one at `broker.host`, `broker.port`: no accounts, no memory.

    `port` 0 takes a free one; `program` is Mosquitto's name or path. Raises `DriverError` if Mosquitto is not installed
    or does not start.
    """

    host: Final = "127.0.0.1"

    def __init__(self, port: int = 0, *, program: str = "mosquitto") -> None:
        self.port = port
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def __aenter__(self) -> Self:
        program = shutil.which(self._program) or shutil.which(self._program, path=_SEARCHED)
        if program is None:
            raise DriverError("the simulation's broker needs Mosquitto: apt install mosquitto")
        self._folder = tempfile.TemporaryDirectory(prefix="intercom-broker-")
        wanted, problem = self.port, ""
        try:
            for _ in range(1 if wanted else _ATTEMPTS):
                self.port = wanted or _free_port(self.host)
                problem = await self._start(program, Path(self._folder.name))
                if not problem:
                    return self
        except BaseException:
            await self._stop()
            raise
        await self._stop()
        raise DriverError(f"Mosquitto does not start on {self.host}:{self.port}: {problem}")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _start(self, program: str, folder: Path) -> str:
        """Why it does not run; "" if it does."""
        if problem := _taken(self.host, self.port):
            return problem
        configuration, output = _configured(folder, self.host, self.port), folder / "mosquitto.log"
        with output.open("wb") as log_file:
            self._process = await asyncio.create_subprocess_exec(
                program,
                "-c",
                str(configuration),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                start_new_session=True,  # Ctrl-C is for the simulation, which says goodbye first
            )
        try:
            async with asyncio.timeout(_PATIENCE):
                while self._process.returncode is None:
                    if await self._answers():
                        log.info("a broker of our own at mqtt://%s:%d", self.host, self.port)
                        return ""
                    await asyncio.sleep(0.02)
        except TimeoutError:
            await self._end()
        words = output.read_text(errors="replace").strip().splitlines()
        return words[-1] if words else "it says nothing"

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _stop(self) -> None:
        await self._end()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _configured(folder: Path, host: str, port: int) -> Path:
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {port} {host}\nallow_anonymous true\npersistence false\n")
    # Started by root it becomes another user, who may want to read this again.
    folder.chmod(0o755)
    return file


def _taken(host: str, port: int) -> str:
    """Why nobody can listen there; "" if one can. Asked first: a connection does not tell whose broker accepts it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
