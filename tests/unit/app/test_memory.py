import gc
import weakref
from collections.abc import Iterator

import pytest

from appliance.app.memory import settle


class _Call:
    """What refers to itself, as calls do, and lives through a few small collections."""

    def __init__(self) -> None:
        self.itself = self
        self.parts = [[number] for number in range(200)]


@pytest.fixture
def settled() -> Iterator[None]:
    settle()
    yield
    gc.unfreeze()


def _most_left_behind(calls: int) -> int:
    """Calls come and go one after the other, none collected on purpose: how many are there at most?"""
    left: weakref.WeakSet[_Call] = weakref.WeakSet()
    most = 0
    for _ in range(calls):
        call = _Call()
        others = [[number] for number in range(20_000)]  # it grows old enough for a full collection
        left.add(call)
        del call, others
        most = max(most, len(left))
    return most


def test_what_calls_leave_is_collected_soon(settled: None) -> None:
    assert gc.get_freeze_count() > 10_000
    assert _most_left_behind(100) < 20
