"""A private MQTT broker for a simulation: a Mosquitto of its own, on loopback, gone when the simulation ends."""

import logging
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.errors import DriverError
from appliance.sim.loopback import LOOPBACK, free_port
from appliance.sim.mosquitto import MosquittoProcess, found_program

log = logging.getLogger(__name__)

_ATTEMPTS: Final = 5  # at finding a port that nobody else takes meanwhile


class PrivateBroker:
    """`async with PrivateBroker() as broker:` runs one at `broker.host`, `broker.port`: no accounts, no memory.

    `port` 0 takes a free one; `program` is Mosquitto's name or path. Raises `DriverError` if Mosquitto is not installed
    or does not start.
    """

    host: Final = LOOPBACK

    def __init__(self, port: int = 0, *, program: str = "mosquitto") -> None:
        self.port = port
        self._program = program
        self._process: MosquittoProcess | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def __aenter__(self) -> Self:
        try:
            program = found_program(self._program)
        except DriverError as error:
            raise DriverError(f"the simulation's broker: {error}") from None
        self._folder = tempfile.TemporaryDirectory(prefix="intercom-broker-")
        wanted, problem = self.port, ""
        try:
            for _ in range(1 if wanted else _ATTEMPTS):
                self.port = wanted or free_port()
                self._process = MosquittoProcess(_configured(Path(self._folder.name), self.port), program=program)
                problem = await self._process.start(self.port)
                if not problem:
                    log.info("a broker of our own at mqtt://%s:%d", self.host, self.port)
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

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _configured(folder: Path, port: int) -> Path:
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {port} {LOOPBACK}\nallow_anonymous true\npersistence false\n")
    # Started by root it becomes another user, who may want to read this again.
    folder.chmod(0o755)
    return file
