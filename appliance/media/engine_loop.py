"""The thread that ICE, DTLS and RTP live on, and how others reach it."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from appliance.errors import StateError

log = logging.getLogger(__name__)

T = TypeVar("T")


class EngineLoop:
    """An asyncio loop on a thread of its own, so that nothing on the caller's loop is taken for network jitter."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._caller: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ended: asyncio.Event | None = None

    @property
    def running(self) -> bool:
        """Between `start` and `stop`."""
        return self._loop is not None

    async def start(self) -> None:
        """Begin; whoever calls this is the caller, whose loop hears what is told."""
        if self._loop is not None:
            raise StateError("the media engine runs already")
        self._caller = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        # Names of STUN servers are looked up here: a name server that hangs must not hold up the end.
        self._names = ThreadPoolExecutor(2, thread_name_prefix="media names")
        self._loop.set_default_executor(self._names)
        self._thread = threading.Thread(target=self._serve, args=(self._loop, self._ended), name="media", daemon=True)
        self._thread.start()

    def _serve(self, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            loop.run_until_complete(_cancel_all(loop))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            self._names.shutdown(wait=False, cancel_futures=True)
            loop.close()
            self._to_caller(ended.set)

    async def stop(self) -> None:
        """End it, cancelling what still runs; the thread has ended when this returns. Idempotent."""
        loop, self._loop = self._loop, None
        if loop is None or self._thread is None or self._ended is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        await self._ended.wait()
        self._thread.join()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, done on this loop; cancelled with its caller. Raises `StateError` when not running."""
        loop = self._loop
        if loop is None:
            work.close()
            raise StateError("the media engine is not running")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))

    def soon(self, work: Callable[..., object], *arguments: object) -> None:
        """Call `work` on this loop; nothing when it is not running. From any thread."""
        loop = self._loop
        if loop is not None:
            _call(loop, work, *arguments)

    def tell(self, hear: Callable[[T], object], event: T) -> None:
        """Call `hear` with `event` on the caller's loop. From any thread."""
        self._to_caller(hear, event)

    def _to_caller(self, work: Callable[..., object], *arguments: object) -> None:
        if self._caller is not None:
            _call(self._caller, work, *arguments)


def _call(loop: asyncio.AbstractEventLoop, work: Callable[..., object], *arguments: object) -> None:
    try:
        loop.call_soon_threadsafe(work, *arguments)
    except RuntimeError:
        # Closed between the look and the call: nobody is left to hear it.
        log.debug("too late for %s", work)


async def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
