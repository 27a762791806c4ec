from appliance.calls.call_info import CallState, Direction
from appliance.calls.facts import CallFacts
from appliance.sip.events import Reason

THEIRS = (("X-CallUUID", "theirs-0001"),)


def facts() -> CallFacts:
    return CallFacts(direction=Direction.OUTGOING, uuid="ours-0001", src="sip:a@x", dest="sip:b@x")


def test_the_far_ends_name_is_adopted_once() -> None:
    known = facts()
    known.adopt(())
    assert known.uuid == "ours-0001"
    known.adopt(THEIRS)
    known.adopt((("X-CallUUID", "another-0001"),))
    assert known.uuid == "theirs-0001"
    assert known.named("ours-0001")
    assert known.named("theirs-0001")
    assert not known.named("")


def test_the_reason_header_comes_before_the_status() -> None:
    known = facts()
    known.end("remote", 486, "Busy Here", Reason(protocol="Q.850", code=17, text="User busy"))
    info = known.info(CallState.FAILED)
    assert (info.originator, info.protocol, info.code, info.reason) == ("remote", "Q.850", 17, "User busy")


def test_without_a_reason_header_the_status_stands() -> None:
    known = facts()
    known.end("remote", 486, "Busy Here", None)
    info = known.info(CallState.FAILED)
    assert (info.protocol, info.code, info.reason) == ("SIP", 486, "Busy Here")
