"""A path between two processes that loses and delays packets as a trace says: user-space UDP on loopback.

    one end ⇄ 127.0.0.1:a ⇄ relay ⇄ 127.0.0.1:b ⇄ other end

Each end is told of one candidate only, the relay's. What is not RTP or RTCP (ICE, DTLS) passes untouched, so that a
call is always set up; RTCP passes too, so that both ends are told the truth.
"""

import heapq
import multiprocessing
import select
import socket
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from tests.bench.trace import Impairment, Numbers

Address = tuple[str, int]

_LOOPBACK: Final = "127.0.0.1"
_STUCK: Final = 0.010
"""Seconds by which a packet may leave late, 99 times in 100, for the run to count."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What a relay did. `lag` is by how many ms packets left late, 99 of 100 less."""

    packets: int
    lost: int
    lag: float

    @property
    def valid(self) -> bool:
        """The relay was not starved of processor time."""
        return self.lag <= _STUCK * 1000.0


class Relay:
    """The relay's process. `towards_first` and `towards_second` are where an end sends to reach the other."""

    def __init__(self, impairment: Impairment) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, impairment), daemon=True)
        self._process.start()
        self._towards: tuple[int, int] = self._pipe.recv()
        self._ends: dict[int, Address] = {}

    def described(self, sdp: str, *, end: int) -> str:
        """The description of `end` (0 or 1) as the other end must see it: with the relay as its only candidate."""
        lines = sdp.replace("\r\n", "\n").split("\n")
        candidates = [line.split() for line in lines if line.startswith("a=candidate:")]
        usable = [words for words in candidates if words[2].lower() == "udp" and words[7] == "host" and "." in words[4]]
        if not usable:
            raise RuntimeError(f"no IPv4 candidate to relay for in {candidates}")
        chosen = next((words for words in usable if words[4] == _LOOPBACK), usable[0])
        self._ends[end] = (chosen[4], int(chosen[5]))
        if len(self._ends) == 2:
            self._pipe.send((self._ends[0], self._ends[1]))
        ours = " ".join([*chosen[:4], _LOOPBACK, str(self._towards[end]), "typ", "host"])
        place = lines.index(" ".join(chosen))
        kept = [line for line in lines[:place] if not line.startswith("a=candidate:")]
        rest = [line for line in lines[place + 1 :] if not line.startswith("a=candidate:")]
        return "\r\n".join([*kept, ours, *rest])

    def close(self) -> Passage:
        """End it, and learn what passed."""
        self._pipe.send(None)
        passage: Passage = self._pipe.recv()
        self._process.join()
        return passage


def _serve(pipe: Connection, impairment: Impairment) -> None:
    """Two sockets: what comes in on one leaves from the other, so that each end sees one address of its peer."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for link in sockets:
        link.bind((_LOOPBACK, 0))
    pipe.send(tuple(link.getsockname()[1] for link in sockets))
    ends: tuple[Address, Address] | None = None
    numbers = (Numbers(), Numbers())
    due: list[tuple[float, int, int, bytes]] = []
    lags: list[float] = []
    passed = lost = count = 0
    while True:
        wait = max(0.0, due[0][0] - time.monotonic()) if due else None
        waiting: list[Connection | socket.socket] = [pipe, *sockets]
        ready = select.select(waiting, [], [], wait)[0]
        now = time.monotonic()
        if pipe in ready:
            message = pipe.recv()
            if message is None:
                break
            ends = message
        for end, link in enumerate(sockets):
            if link not in ready or ends is None:
                continue
            data, source = link.recvfrom(4096)
            if source[1] != ends[1 - end][1]:
                continue  # from another candidate of the same end
            delay: float | None = 0.0
            if _is_rtp(data):
                passed += 1
                delay = impairment.delay(end, numbers[end].number(int.from_bytes(data[2:4], "big")))
            if delay is None:
                lost += 1
                continue
            count += 1
            heapq.heappush(due, (now + delay, count, end, data))
        while due and ends is not None and due[0][0] <= time.monotonic():
            at, _, end, data = heapq.heappop(due)
            sockets[1 - end].sendto(data, ends[end])
            lags.append(time.monotonic() - at)
    lags.sort()
    pipe.send(Passage(passed, lost, 1000.0 * lags[int(0.99 * len(lags))] if lags else 0.0))


def _is_rtp(data: bytes) -> bool:
    """Neither STUN, DTLS (RFC 7983 §7) nor RTCP (RFC 5761 §4)."""
    return len(data) >= 12 and 128 <= data[0] <= 191 and not 192 <= data[1] <= 223
