"""A dialog is written down, and another user agent goes on with it."""

import json

import pytest

from appliance.errors import StateError, UsageError
from appliance.sip.dialog_snapshot import DialogSnapshot
from appliance.sip.events import Ended, InviteId, Offered, Reanswered, RequestReceived
from appliance.sip.message import Request
from tests.unit.sip.bench import ANSWER, OTHER, Bench, Pair
from tests.unit.sip.test_two_cores import talk


def snapshot(bench: Bench, invite: InviteId) -> DialogSnapshot:
    made = bench.core.snapshot(invite)
    assert made is not None
    return made


@pytest.mark.parametrize("caller", [True, False])
def test_another_user_agent_goes_on(caller: bool) -> None:
    """The caller's, or the callee's, is replaced by one that knows nothing but the snapshot."""
    pair = Pair()
    ours, theirs = talk(pair)
    gone, there, invite = (pair.alice, pair.bob, ours) if caller else (pair.bob, pair.alice, theirs)
    user = "alice" if caller else "bob"
    written = json.dumps(snapshot(gone, invite).to_json())

    back = Bench(user, clock=pair.clock)
    back.core._endpoint.identifiers.host = "back.invalid"
    if caller:
        pair.alice = back
    else:
        pair.bob = back
    restored = back.core.restore(DialogSnapshot.from_json(json.loads(written)))
    back.core.reoffer(restored, OTHER, now=pair.clock.now())
    pair.exchange()
    offered = there.event(Offered)
    assert offered.body == OTHER
    there.core.accept_offer(offered.offer_id, ANSWER, now=pair.clock.now())
    pair.exchange()
    assert back.event(Reanswered).body == ANSWER
    assert "back.invalid" in (there.core.snapshot(offered.invite) or snapshot(there, offered.invite)).target

    there.core.request("INFO", offered.invite, now=pair.clock.now())
    pair.exchange()
    received = back.event(RequestReceived)
    assert received.invite == restored
    there.core.bye(offered.invite, now=pair.clock.now())
    pair.exchange()
    assert not back.event(Ended).local
    there.events()
    pair.advance(40)
    assert back.core.is_idle
    assert back.core.deadline() is None


def test_the_peer_does_not_know_it_any_more() -> None:
    bench = Bench()
    invite, _ = bench.established()
    other = Bench()
    restored = other.core.restore(snapshot(bench, invite))
    other.core.reoffer(restored, OTHER, now=other.now)
    request = other.requests("INVITE")[0]
    assert request.sequence > 1000
    other.answer(request, 481)
    other.sent()
    assert Ended(invite=restored, local=True, status=481) in other.events()


def test_only_an_established_dialog_has_one() -> None:
    bench = Bench()
    invite, request = bench.called()
    assert bench.core.snapshot(invite) is None
    bench.answer(request, 200, body=ANSWER)
    bench.sent()
    assert bench.core.snapshot(invite) is not None
    bench.core.bye(invite, now=bench.now)
    assert bench.core.snapshot(invite) is None


def test_it_says_what_another_unit_needs_to_take_the_call() -> None:
    bench = Bench()
    invite, acknowledgement = bench.established()
    made = snapshot(bench, invite)
    assert str(made.replaces) == f"{made.call_id};to-tag=peer;from-tag={acknowledgement.from_.tag}"
    assert acknowledgement.from_.tag not in repr(made)
    assert made.call_id not in repr(made)


def test_commands_of_an_unanswered_invite_do_not_fit() -> None:
    bench = Bench()
    invite, _ = bench.established()
    other = Bench()
    restored = other.core.restore(snapshot(bench, invite))
    with pytest.raises(StateError):
        other.core.answer(restored, ANSWER, now=other.now)
    with pytest.raises(StateError):
        other.core.acknowledge(restored, ANSWER, now=other.now)
    other.core.cancel(restored, now=other.now)
    assert isinstance(other.sent()[0], Request)
    assert other.event(Ended).local


def test_a_request_of_someone_else() -> None:
    bench = Bench()
    invite, acknowledgement = bench.established()
    other = Bench()
    other.core.restore(snapshot(bench, invite))
    other.give(
        other.peer_request(
            "INFO", call_id=acknowledgement.call_id, from_tag="other", to_tag=acknowledgement.from_.tag, sequence=9
        )
    )
    assert other.statuses() == [481]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"call_id": ""}, "call_id"),
        ({"remote_tag": 7}, "remote_tag"),
        ({"target": "tel:1"}, "target"),
        ({"route_set": "x"}, "route_set"),
        ({"route_set": ["a\r\nb"]}, "route_set"),
        ({"methods": [1]}, "methods"),
        ({"local_sequence": -1}, "local_sequence"),
        ({"remote_sequence": 1 << 31}, "remote_sequence"),
        ({"began_here": "yes"}, "began_here"),
    ],
)
def test_what_can_not_be_right_is_refused(change: dict[str, object], named: str) -> None:
    bench = Bench()
    invite, _ = bench.established()
    value = snapshot(bench, invite).to_json()
    assert DialogSnapshot.from_json(json.loads(json.dumps(value))) == snapshot(bench, invite)
    with pytest.raises(UsageError, match=named):
        DialogSnapshot.from_json({**value, **change})
    del value[named]
    with pytest.raises(UsageError, match=named):
        DialogSnapshot.from_json(value)
    with pytest.raises(UsageError, match="object"):
        DialogSnapshot.from_json([])
