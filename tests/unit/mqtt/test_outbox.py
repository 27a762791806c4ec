from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.mqtt.outbox import Limits, Outbox, Sending
from appliance.mqtt.publication import Kind, Publication

WINDOW = 4


def state(name: str, value: int = 0) -> Publication:
    return Publication(topic=f"state/{name}", payload=b"%d" % value, qos=1, retain=True)


def event(number: int, size: int = 0) -> Publication:
    return Publication(topic="event/x", payload=b"%d" % number + b" " * size, qos=1, retain=False)


def metric(number: int) -> Publication:
    return Publication(topic="quality/x", payload=b"%d" % number, qos=0, retain=False)


def taken(outbox: Outbox, window: int = 1_000_000) -> list[Publication]:
    """Everything, acknowledged as it comes."""
    found = []
    while (sending := outbox.take(window)) is not None:
        found.append(sending.publication)
        outbox.acknowledged(sending.ticket)
    return found


def test_kinds() -> None:
    assert (state("a").kind, event(1).kind, metric(1).kind) == (Kind.STATE, Kind.EVENT, Kind.METRIC)


def test_states_first_and_only_their_last_value_then_events_then_metrics() -> None:
    outbox = Outbox()
    for publication in (metric(1), event(1), state("a", 1), event(2), state("b", 1), state("a", 2)):
        outbox.put(publication)
    assert taken(outbox) == [state("a", 2), state("b", 1), event(1), event(2), metric(1)]
    assert taken(outbox) == []


def test_a_new_connection_gets_every_state_again() -> None:
    outbox = Outbox()
    outbox.put(state("a", 1))
    outbox.put(state("b", 1))
    taken(outbox)
    outbox.put(state("b", 2))
    outbox.connected()
    assert taken(outbox) == [state("a", 1), state("b", 2)]


def test_the_window_holds_back_all_but_metrics() -> None:
    outbox = Outbox()
    for number in range(3):
        outbox.put(event(number))
    outbox.put(metric(0))
    first = outbox.take(2)
    assert [first, outbox.take(2)] == [Sending(ticket=1, publication=event(0)), Sending(ticket=2, publication=event(1))]
    assert outbox.take(2) == Sending(ticket=3, publication=metric(0))
    assert outbox.take(2) is None
    assert outbox.undelivered == 3
    outbox.acknowledged(1)
    assert outbox.take(2) == Sending(ticket=4, publication=event(2))


def test_what_was_in_flight_goes_again_first_and_in_its_order() -> None:
    outbox = Outbox()
    for number in range(5):
        outbox.put(event(number))
    flying = [sending.ticket for _ in range(3) if (sending := outbox.take(WINDOW))]
    outbox.acknowledged(flying[0])
    outbox.connection_lost()
    outbox.put(event(5))
    assert taken(outbox) == [event(number) for number in range(1, 6)]


def test_the_oldest_events_go_when_there_are_too_many_or_they_are_too_much() -> None:
    outbox = Outbox(Limits(events=3))
    for number in range(5):
        outbox.put(event(number))
    assert outbox.dropped.events == 2
    assert taken(outbox) == [event(2), event(3), event(4)]
    outbox = Outbox(Limits(event_bytes=5_000))
    for number in range(5):
        outbox.put(event(number, size=2_000))
    assert outbox.dropped.events == 3
    assert taken(outbox) == [event(3, size=2_000), event(4, size=2_000)]


def test_metrics_states_and_large_ones_are_bounded() -> None:
    outbox = Outbox(Limits(metrics=2, states=2, publication=1_000))
    for number in range(5):
        outbox.put(metric(number))
        outbox.put(state(f"s{number}"))
    outbox.put(event(1, size=2_000))
    assert (outbox.dropped.metrics, outbox.dropped.oversized) == (3, 4)
    assert taken(outbox) == [state("s0"), state("s1"), metric(3), metric(4)]


def test_what_the_broker_finds_too_large_is_left_out() -> None:
    outbox = Outbox()
    outbox.connected(largest=500)
    outbox.put(event(1, size=1_000))
    outbox.put(event(2))
    assert taken(outbox) == [event(2)]
    assert outbox.dropped.oversized == 1


def test_a_refused_state_is_not_tried_again_until_it_changes() -> None:
    outbox = Outbox()
    outbox.put(state("a", 1))
    sending = outbox.take(WINDOW)
    assert sending is not None
    assert outbox.refused(sending.ticket) == state("a", 1)
    outbox.connection_lost()
    outbox.connected()
    assert taken(outbox) == []
    outbox.put(state("a", 2))
    assert taken(outbox) == [state("a", 2)]
    assert outbox.dropped.refused == 1
    assert outbox.refused(99) is None


class Broker:
    """Acknowledges in order, but closes the connection over what it does not want, and its last words are lost."""

    def __init__(self, unwanted: set[Publication], lost_words: int) -> None:
        self._unwanted = unwanted
        self._lost_words = lost_words
        self.got: list[Publication] = []

    def connection(self, outbox: Outbox) -> bool:
        """Whether everything was delivered."""
        outbox.connected()
        unspoken: deque[int] = deque()
        while (sending := outbox.take(WINDOW)) is not None:
            if sending.publication in self._unwanted:
                outbox.connection_lost(answered=True)
                return False
            self.got.append(sending.publication)
            unspoken.append(sending.ticket)
            if len(unspoken) > self._lost_words or outbox.in_flight == 1:
                outbox.acknowledged(unspoken.popleft())
        while unspoken:
            outbox.acknowledged(unspoken.popleft())
        return True


@pytest.mark.parametrize("lost_words", [0, 2])
def test_a_publication_that_every_connection_ends_over_is_given_up_and_no_other(lost_words: int) -> None:
    outbox = Outbox()
    unwanted = event(5)
    for number in range(10):
        outbox.put(event(number))
    outbox.put(state("a"))
    broker = Broker({unwanted}, lost_words)
    connections = next(count for count in range(1, 20) if broker.connection(outbox))
    assert connections <= 6
    assert outbox.dropped.refused == 1
    assert {*broker.got} == {state("a"), *(event(number) for number in range(10) if number != 5)}
    assert list(dict.fromkeys(seen for seen in broker.got if seen.kind is Kind.EVENT)) == [
        event(number) for number in range(10) if number != 5
    ]


def test_a_network_that_fails_before_the_broker_answers_gives_nothing_up() -> None:
    outbox = Outbox()
    outbox.put(event(1))
    for _ in range(50):
        outbox.connected()
        assert outbox.take(WINDOW) is not None
        assert outbox.connection_lost(answered=False) is None
    assert taken(outbox) == [event(1)]


steps = st.lists(
    st.sampled_from(["event", "event", "event", "state", "metric", "take", "take", "acknowledge", "lose", "connect"]),
    min_size=30,
    max_size=120,
)


@given(steps, st.integers(min_value=3, max_value=12))
def test_whatever_happens_order_and_bounds_hold(actions: list[str], bound: int) -> None:
    outbox = Outbox(Limits(events=bound, metrics=3))
    flying: list[int] = []
    sent: list[int] = []
    made = 0
    for action in actions:
        if action in {"event", "state", "metric"}:
            made += 1
            outbox.put({"event": event(made), "metric": metric(made), "state": state("a", made)}[action])
        elif action == "take" and (sending := outbox.take(WINDOW)) is not None:
            if sending.publication.qos:
                flying.append(sending.ticket)
            if sending.publication.kind is Kind.EVENT:
                sent.append(int(sending.publication.payload))
        elif action == "acknowledge" and flying:
            outbox.acknowledged(flying.pop(0))
        elif action == "lose":
            outbox.connection_lost()
            flying.clear()
        elif action == "connect" and not flying:
            outbox.connected()
        assert outbox.waiting <= bound + 3 + 1
        assert outbox.in_flight <= WINDOW
    first_time = list(dict.fromkeys(sent))
    assert first_time == sorted(first_time), "what was seen first was made first"
    rest = [int(one.payload) for one in taken(outbox) if one.kind is Kind.EVENT]
    assert rest == sorted(rest)
    assert outbox.undelivered == 0 or flying
