"""The call API's events as a telephone's inputs."""

import dataclasses

import pytest

from appliance.calls import events, service_events
from appliance.calls.call_info import CallInfo, CallState, Direction
from appliance.calls.cause import Cause
from appliance.calls.events import ClientEvent
from appliance.phone import inputs
from appliance.phone.happenings import inputs_of, number_of
from appliance.quality.summary import QualitySummary

CALL = CallInfo(
    call_uuid="u",
    sip_call_id="i",
    direction=Direction.OUTGOING,
    state=CallState.RINGING,
    src="sip:100@example.org",
    dest="sip:101@example.org",
)
ANSWERED = dataclasses.replace(CALL, state=CallState.ANSWERED)
LOCAL = dataclasses.replace(CALL, originator="local")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (events.Login(aor="sip:100@example.org"), inputs.LineChanged(registered=True)),
        (events.Logout(reason="connection_lost"), inputs.LineChanged(registered=False)),
        (
            events.LoginFailed(cause=Cause.AUTHENTICATION_ERROR, status=403, reason=""),
            inputs.LineChanged(registered=False, refused=True),
        ),
        (events.LoginFailed(cause=Cause.REQUEST_TIMEOUT, status=408, reason=""), inputs.LineChanged(registered=False)),
        (events.ConnectionChange(state="disconnected", reason="gone"), inputs.LineChanged(registered=False)),
        (
            events.IncomingCall(call=CALL, caller_id="sip:101@example.org", caller_name="Anna"),
            inputs.IncomingCall(call="u", number="101", name="Anna"),
        ),
        (events.CallRemoteRinging(call=CALL, early_media=False), inputs.RemoteRinging(call="u")),
        (events.CallConnected(call=CALL), inputs.EarlyMediaStarted(call="u")),
        (events.CallAnswered(call=ANSWERED), inputs.CallAnswered(call="u")),
        (service_events.AutoAnswered(call=CALL, by="policy"), inputs.SelfAnswered(call="u")),
        (service_events.DoNotDisturbChanged(on=True), inputs.DoNotDisturbChanged(on=True)),
        (
            events.CallTerminated(call=CALL, cause=Cause.TERMINATED, duration=1.0, summary=QualitySummary()),
            inputs.CallEnded(call="u"),
        ),
        (events.CallFailed(call=CALL, cause=Cause.BUSY, status=486), inputs.CallEnded(call="u", status=486)),
        (
            events.CallFailed(call=LOCAL, cause=Cause.REJECTED, status=486),
            inputs.CallEnded(call="u", status=486, elsewhere=True),
        ),
        (events.CallFailed(call=LOCAL, cause=Cause.NO_ANSWER, status=480), inputs.CallEnded(call="u", status=408)),
        (events.IncomingCallCanceled(call=CALL, elsewhere=False), inputs.CallEnded(call="u", status=487)),
        (
            events.IncomingCallCanceled(call=CALL, elsewhere=True),
            inputs.CallEnded(call="u", status=487, elsewhere=True),
        ),
        (events.IncomingCallIgnored(call=CALL), inputs.CallEnded(call="u", elsewhere=True)),
        (events.MuteChanged(call=CALL, muted=True), inputs.MuteChanged(call="u", muted=True)),
        (events.Reconnecting(call=CALL, reason="media"), inputs.ReconnectionChanged(call="u", reconnecting=True)),
        (events.Reconnected(call=CALL, duration=1.5), inputs.ReconnectionChanged(call="u", reconnecting=False)),
        (events.MediaFailed(call=CALL, reason=""), inputs.MediaChanged(call="u", flows=False)),
        (events.MediaConnected(call=CALL), inputs.MediaChanged(call="u", flows=True)),
        (events.HoldChanged(call=CALL, held=True, by="local"), inputs.HoldChanged(call="u", held=True)),
        (events.HoldChanged(call=CALL, held=True, by="remote"), inputs.HoldChanged(call="u", held=True, remote=True)),
    ],
)
def test_one_event_is_one_input(event: ClientEvent, expected: inputs.Input) -> None:
    assert inputs_of(event) == (expected,)


def test_ringing_with_early_media_is_two() -> None:
    assert inputs_of(events.CallRemoteRinging(call=CALL, early_media=True)) == (
        inputs.RemoteRinging(call="u"),
        inputs.EarlyMediaStarted(call="u"),
    )


def test_a_call_keeps_the_name_the_telephone_gave_it() -> None:
    assert inputs_of(events.CallAnswered(call=ANSWERED), "first") == (inputs.CallAnswered(call="first"),)


@pytest.mark.parametrize(
    "event",
    [
        events.WebSocketConnected(url="ws://127.0.0.1"),
        events.ConnectionChange(state="connected", reason=""),
        events.Calling(call=CALL),
        events.CallConnected(call=ANSWERED),
        events.DtmfReceived(call=CALL, digit="1", duration=100.0, method="rfc4733"),
    ],
)
def test_some_mean_nothing_to_a_telephone(event: ClientEvent) -> None:
    assert inputs_of(event) == ()


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("101", "101"),
        ("sip:101@example.org", "101"),
        ("sips:+4930123@example.org;transport=wss", "+4930123"),
        ('"Anna" <sip:anna@example.org:5060>;tag=1', "anna"),
        ("sip:%2B49@example.org", "+49"),
        ("sip:100:secret@example.org", "100"),
        ("sip:+49;isub=1@example.org", "+49"),
        ("tel:+4930", "+4930"),
        ("", ""),
    ],
)
def test_the_number_of_an_address(address: str, number: str) -> None:
    assert number_of(address) == number
