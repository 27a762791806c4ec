"""What a closed session lets go of at once, and not when the collector comes by."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.media.two_ends import connect, two_ends


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_codecs_and_the_transport_go_with_the_call(uncollected: None, tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        await connect(a, b)
        path, stream = a.session._paths.present, a.session._rtp.stream
        assert path is not None
        assert stream is not None
        kept: weakref.WeakSet[object] = weakref.WeakSet([path.transport.association, path.transport._agent, stream])
        del path, stream
        sent = a.session.counters().packets_sent
        await a.session.close()
        await asyncio.sleep(0.2)  # the audio threads finish their frame
        assert [type(one).__name__ for one in kept] == []
        assert a.session.counters().packets_sent >= sent
        await b.session.close()
