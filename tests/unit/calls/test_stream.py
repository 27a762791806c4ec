import asyncio

from appliance.calls.stream import MAX_WAITING, EventStream
from appliance.events import Emitter


async def test_every_event_comes_once_in_order_until_it_is_closed() -> None:
    emitter: Emitter[int] = Emitter()
    stream = EventStream(emitter)
    emitter.emit(1)
    emitter.emit(2)
    reading = asyncio.create_task(_read(stream))
    await asyncio.sleep(0)
    emitter.emit(3)
    await asyncio.sleep(0)
    emitter.emit(4)
    stream.close()
    emitter.emit(5)
    assert await asyncio.wait_for(reading, 5.0) == [1, 2, 3, 4]


async def test_a_reader_that_sleeps_loses_the_oldest_and_knows_how_many() -> None:
    emitter: Emitter[int] = Emitter()
    stream = EventStream(emitter)
    for number in range(MAX_WAITING + 10):
        emitter.emit(number)
    stream.close()
    assert await _read(stream) == list(range(10, MAX_WAITING + 10))
    assert stream.dropped == 10


async def _read(stream: EventStream[int]) -> list[int]:
    return [event async for event in stream]
