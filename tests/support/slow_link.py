"""A TCP link that takes its time: a relay on loopback in front of a registrar."""

import asyncio
from types import TracebackType
from typing import Self

from tests.support.ports import LOOPBACK

_CHUNK = 65_536


class SlowLink:
    """Forwards to a port of loopback, each byte `delay` seconds later, in order; `port` is where it listens."""

    def __init__(self, target: int, delay: float) -> None:
        self._target = target
        self._delay = delay
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self._tasks.add(asyncio.create_task(self._carry(source, sink)))

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            data = b"?"
            while data:
                data = await source.read(_CHUNK)
                on_the_way.put_nowait((loop.time() + self._delay, data))

        reading = asyncio.create_task(read())
        try:
            while True:
                due, data = await on_the_way.get()
                await asyncio.sleep(due - loop.time())
                if not data:
                    break
                sink.write(data)
        finally:
            reading.cancel()
            sink.close()
