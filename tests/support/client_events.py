"""An event of every class the call API emits, as a call brings them."""

from datetime import UTC, datetime
from types import MappingProxyType

from appliance.calls import events, quality_events, sound_events
from appliance.calls.call_info import CallInfo, CallState, Direction
from appliance.calls.events import ClientEvent
from appliance.media.ports import AudioDeviceInfo
from appliance.quality.feedback import Feedback, Issue
from appliance.quality.sample import QualitySample, Totals
from appliance.quality.summary import QualitySummary
from appliance.quality.thresholds import Threshold
from appliance.units import Dbov, Milliseconds, Seconds
from tests.support.service_samples import service_events_of

SAMPLE = QualitySample(
    timestamp=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    codec="opus",
    packets_sent=50,
    bytes_sent=4_000,
    packets_received=49,
    bytes_received=3_920,
    packets_lost=1,
    packets_late=0,
    loss_fraction=0.02,
    jitter=Milliseconds(3.25),
    round_trip=Milliseconds(18.5),
    remote_loss_fraction=0.0,
    remote_jitter=Milliseconds(2.0),
    concealed=Milliseconds(20.0),
    stretched=Milliseconds(0.0),
    playout_delay=Milliseconds(40.0),
    underruns=0,
    input_level=Dbov(-31.5),
    output_level=Dbov(-28.0),
    microphone_level=Dbov(-32.25),
    muted_voice=Milliseconds(0.0),
    mos=4.31,
    totals=Totals(
        packets_sent=500,
        bytes_sent=40_000,
        packets_received=499,
        bytes_received=39_920,
        packets_lost=1,
        loss_fraction=0.002,
        concealed=Milliseconds(20.0),
        audible=Seconds(4.5),
    ),
)
SUMMARY = QualitySummary(
    codec="opus",
    packets_sent=500,
    packets_received=499,
    packets_lost=1,
    mean_mos=4.38,
    worst_mos=4.31,
    played=Milliseconds(10_000.0),
    concealed=Milliseconds(20.0),
)


def call(
    state: CallState = CallState.RINGING,
    direction: Direction = Direction.OUTGOING,
    uuid: str = "5c1b0f0e-7d3c-4c39-9a3e-0d1c8f6c9a11",
) -> CallInfo:
    """A call with everything in it."""
    return CallInfo(
        call_uuid=uuid,
        sip_call_id="a84b4c76e66710@192.0.2.4",
        direction=direction,
        state=state,
        src="sip:201@sip.example.org",
        dest="sip:100@sip.example.org",
        caller_name="Front door",
        extra_headers=MappingProxyType({"X-PH-Floor": "3"}),
    )


def every_event() -> list[ClientEvent]:
    """One of each class, in an order that calls could have."""
    outgoing, incoming = call(), call(direction=Direction.INCOMING, uuid="incoming-1")
    answered = call(CallState.ANSWERED)
    return [
        events.WebSocketConnected(url="wss://sip.example.org/ws"),
        events.LoginFailed(cause="Authentication Error", status=403, reason="Forbidden"),
        events.Login(aor="sip:201@sip.example.org"),
        events.ConnectionChange(state="connected", reason="registered"),
        sound_events.NoiseReductionReady(),
        sound_events.AudioDeviceChanged(
            change="added",
            device=AudioDeviceInfo(
                device_id="usb-headset:input", kind="audioinput", label="Headset", group_id="usb-headset"
            ),
        ),
        sound_events.MediaPermission(status="failure", error="microphone: Device unavailable"),
        events.Calling(call=outgoing),
        events.CallRemoteRinging(call=outgoing, early_media=False),
        events.CallConnected(call=outgoing),
        events.CallAnswered(call=answered),
        events.MediaConnected(call=answered),
        events.MuteChanged(call=answered, muted=True),
        events.HoldChanged(call=answered, held=True, by="remote"),
        events.DtmfReceived(call=answered, digit="5", duration=120.0, method="rfc4733"),
        events.DtmfFailed(call=answered, digits="12", reason="415 Unsupported Media Type"),
        events.Sample(call=answered, sample=SAMPLE),
        quality_events.MediaMetrics(
            call=answered,
            group="network",
            type="high_jitter",
            value=41.5,
            active=True,
            desc="jitterRemoteMeasures",
            stream="remote",
        ),
        quality_events.WarningRaised(
            call=answered,
            name="high-jitter",
            values=(38.0, 41.0, 41.5),
            samples=(SAMPLE, SAMPLE, SAMPLE),
            threshold=Threshold(name="max", value=30.0),
        ),
        quality_events.WarningCleared(call=answered, name="high-jitter"),
        quality_events.Volume(call=answered, input=0.61, output=0.58),
        quality_events.RemoteAudioStatus(call=answered, audible=True),
        events.CallRestored(call=answered, talked=12.5, muted=False, held=True),
        events.Reconnecting(call=answered, reason="media"),
        events.MediaFailed(call=answered, reason="the path was lost"),
        events.Reconnected(call=answered, duration=4.25),
        events.CallTerminated(call=call(CallState.ENDED), cause="Terminated", duration=10.02, summary=SUMMARY),
        quality_events.FeedbackSubmitted(
            call=call(CallState.ENDED), feedback=Feedback(score=2, issues=(Issue.ECHO,), note="like in a cave")
        ),
        events.IncomingCall(call=incoming, caller_id="201", caller_name="Front door"),
        events.IncomingCallCanceled(call=incoming, elsewhere=True),
        events.IncomingCallIgnored(call=call(CallState.IGNORED, Direction.INCOMING, "incoming-2")),
        events.CallFailed(call=call(CallState.FAILED, uuid="failed-1"), cause="Busy", status=486),
        events.PermissionDenied(direction=Direction.OUTGOING),
        events.CrashReported(where="task calls/x failed", error="ValueError", trace="ValueError: x\n", ours=True),
        events.Logout(reason="requested"),
        *service_events_of(outgoing, answered),
    ]
