"""One Mosquitto, as a process of ours."""

import asyncio
import shutil
import signal
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from appliance.errors import DriverError
from appliance.sim.loopback import LOOPBACK

_SEARCHED: Final = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/opt/homebrew/sbin"
_PATIENCE: Final = 10.0  # seconds to start, and to stop


class MosquittoProcess:
    """Runs Mosquitto with one configuration file. Raises `DriverError` if `program`, a name or path, is not there."""

    def __init__(self, configuration: Path, *, program: str = "mosquitto") -> None:
        self._program = found_program(program)
        self._configuration = configuration
        self._output = configuration.with_suffix(".log")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Its process, None if it does not run."""
        return None if self._process is None else self._process.pid

    async def start(self, *ports: int) -> str:
        """Why it does not run; "" once it accepts connections on all of `ports`, on loopback."""
        # Asked first: a connection does not tell whose broker accepts it.
        if problem := next(filter(None, map(_taken, ports)), ""):
            return problem
        with self._output.open("wb") as log_file:
            self._process = await asyncio.create_subprocess_exec(
                self._program,
                "-c",
                str(self._configuration),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                start_new_session=True,  # Ctrl-C is for the simulation, which says goodbye first
            )
        try:
            async with asyncio.timeout(_PATIENCE):
                if await self._listens(ports):
                    return ""
        except TimeoutError:
            await self.stop()
        words = self.log_text().strip().splitlines()
        return words[-1] if words else "it says nothing"

    def log_text(self) -> str:
        """What it wrote since it was last started."""
        return self._output.read_text(errors="replace")

    async def _listens(self, ports: Iterable[int]) -> bool:
        """Wait until it accepts connections on all of them; False if it ends before."""
        for port in ports:
            while not await _answers(port):
                if self._process is None or self._process.returncode is not None:
                    return False
                await asyncio.sleep(0.02)
        return True

    async def stop(self) -> None:
        """End it; by force if it does not listen."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE)
        except TimeoutError:
            await self.kill()

    def reload(self) -> None:
        """Have it read its files again, as far as it does so while it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

    async def kill(self) -> None:
        """End it without a goodbye."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def found_program(name: str) -> str:
    """Where a program of Mosquitto's is. Raises `DriverError`."""
    found = shutil.which(name) or shutil.which(name, path=_SEARCHED)
    if found is None:
        raise DriverError(f"{name} is not there: apt install mosquitto")
    return found


def _taken(port: int) -> str:
    """Why nobody can listen there; "" if one can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True
