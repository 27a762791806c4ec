"""An hour of a call whose two sound cards differ in speed, without an hour passing: does the delay grow?

The cards make 48,000 samples in a second of their own, which is not the same for both. What is measured is
the pure part of the engine: playout and jitter buffer under a clock that the benchmark turns.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Final

import numpy as np

from appliance.media.packet import RtpPacket
from appliance.units import Seconds
from tests.bench.report import rendered
from tests.unit.media.streams import START, opus_packets, opus_playout
from tests.unit.media.voice import voice

PARTS: Final = ("-100", "0", "100")
"""ppm by which the sender is faster."""
_HOUR: Final = 3_600
_SETTLED: Final = 60
_JITTER: Final = 0.004
_TICKS: Final = 100


def stream(seconds: int, ppm: float) -> "list[tuple[float, RtpPacket]]":
    """Speech with when each packet arrives; a minute of it, again and again."""
    minute = opus_packets(voice(60.0), number=0, timestamp=0)
    late = np.random.default_rng(1).uniform(0.0, _JITTER, size=seconds * 50)
    arrivals: list[tuple[float, RtpPacket]] = []
    for number in count():
        repeat, place = divmod(number, len(minute))
        sent = (60.0 * repeat + minute[place][0]) / (1.0 + ppm * 1e-6)
        if sent >= seconds:
            return arrivals
        packet = minute[place][1]
        turned = replace(
            packet, sequence_number=number % 0x10000, timestamp=(packet.timestamp + repeat * 60 * 48_000) % 2**32
        )
        arrivals.append((sent + late[number % late.size], turned))
    raise AssertionError("count() ends")


def slope(seconds: int, ppm: float) -> tuple[float, float, int, float]:
    """ms by which the delay grows in an hour, the longest delay in ms, underruns, and ms of sound that was invented."""
    arrivals = stream(seconds, ppm)
    playout = opus_playout()
    minutes: list[float] = []
    delays: list[float] = []
    index, longest = 0, 0.0
    for tick in range(seconds * _TICKS):
        now = tick / _TICKS
        while index < len(arrivals) and arrivals[index][0] <= now:
            playout.arrived(arrivals[index][1], Seconds(START + arrivals[index][0]))
            index += 1
        playout.next_frame(Seconds(START + now))
        if now >= _SETTLED:
            delays.append(playout.delay)
            if len(delays) == 60 * _TICKS:
                minutes.append(float(np.mean(delays)))
                longest = max(longest, float(max(delays)))
                delays.clear()
    growth = float(np.polyfit(np.arange(len(minutes)) / 60.0, minutes, 1)[0])
    return growth, longest, playout.counters.underruns, playout.counters.concealed


async def measured(parts: Sequence[str]) -> str:
    """The table: a column for each difference of the clocks."""
    began = time.process_time()
    figures = [slope(_HOUR, float(part)) for part in parts]
    spent = (time.process_time() - began) / len(parts)
    table = [
        ["delay grows in an hour by", *(f"{growth:+.2f} ms" for growth, _, _, _ in figures)],
        ["longest delay in the buffer", *(f"{longest:.0f} ms" for _, longest, _, _ in figures)],
        ["underruns", *(str(underruns) for _, _, underruns, _ in figures)],
        ["sound that was invented", *(f"{concealed:.0f} ms" for _, _, _, concealed in figures)],
        ["processor time for the hour", *(f"{spent:.0f} s" for _ in figures)],
    ]
    return rendered(["", *(f"sender {part} ppm" for part in parts)], table)
