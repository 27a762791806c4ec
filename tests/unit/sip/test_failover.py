"""Which registrar is next."""

import pytest

from appliance.sip.failover import Failover

NEAR, MIDDLE, FAR = "wss://near.test", "wss://middle.test", "wss://far.test"


def test_in_order_and_round_again() -> None:
    failover = Failover((NEAR, MIDDLE, FAR), 300.0)
    tried = [(failover.url, failover.ended(0.1)) for _ in range(6)]
    assert tried == [(NEAR, False), (MIDDLE, False), (FAR, True)] * 2


def test_one_alone_is_tried_again_and_again() -> None:
    failover = Failover((NEAR,), 300.0)
    assert [failover.ended(1.0) for _ in range(3)] == [True] * 3
    assert (failover.url, failover.nearer, failover.wait) == (NEAR, (), None)


@pytest.mark.parametrize("lasted", [30.0, 86_400.0])
def test_a_good_connection_that_is_lost_begins_with_the_nearest(lasted: float) -> None:
    failover = Failover((NEAR, FAR), 300.0)
    failover.ended(0.1)
    assert failover.url == FAR
    failover.ended(lasted)
    assert failover.url == NEAR


def test_the_nearer_ones_are_asked_for_ever_more_seldom() -> None:
    failover = Failover((NEAR, MIDDLE, FAR), 300.0)
    failover.ended(0.1)
    failover.ended(0.1)
    assert (failover.nearer, failover.wait) == ((NEAR, MIDDLE), 300.0)
    failover.stayed()
    assert failover.wait == 600.0
    for _ in range(10):
        failover.stayed()
    assert failover.wait == 3600.0
    failover.moved(MIDDLE)
    assert (failover.url, failover.nearer) == (MIDDLE, (NEAR,))
    failover.ended(100.0)
    failover.ended(0.1)
    assert failover.wait == 300.0


def test_a_nearer_one_that_is_no_good_is_not_gone_back_to_so_soon() -> None:
    failover = Failover((NEAR, FAR), 300.0)
    failover.ended(0.1)
    failover.moved(NEAR)
    failover.ended(2.0)
    assert (failover.url, failover.wait) == (FAR, 600.0)


def test_never_back() -> None:
    failover = Failover((NEAR, FAR), 0.0)
    failover.ended(0.1)
    assert failover.wait is None
