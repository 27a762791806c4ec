"""What the call API tells its user: frozen dataclasses, each emitted once per transition, per call.

`appliance.events.event_name` gives the name in logs, scripts and topics: `CallAnswered` is `call_answered`. Those of
quality, of supplementary services and of sound stand in files of their own, and are here too.
"""

from dataclasses import dataclass

from appliance.calls.call_info import CallEvent, Direction
from appliance.calls.quality_events import (
    FeedbackSubmitted,
    MediaMetrics,
    QualityEvent,
    RemoteAudioStatus,
    Volume,
    WarningCleared,
    WarningRaised,
)
from appliance.calls.service_events import (
    AutoAnswered,
    CallRedirected,
    CallReplaced,
    CallTurnedAway,
    ConferenceChanged,
    DoNotDisturbChanged,
    LampChanged,
    MessageFailed,
    MessageReceived,
    MessageSent,
    MessagesWaiting,
    ServiceEvent,
    TransferFailed,
    TransferProgress,
    Transferred,
    TransferRequested,
)
from appliance.calls.sound_events import AudioDeviceChanged, MediaPermission, NoiseReductionReady, SoundEvent
from appliance.quality.sample import QualitySample
from appliance.quality.summary import QualitySummary

__all__ = [
    "AudioDeviceChanged",
    "AutoAnswered",
    "CallAnswered",
    "CallConnected",
    "CallEvent",
    "CallFailed",
    "CallRedirected",
    "CallRemoteRinging",
    "CallReplaced",
    "CallRestored",
    "CallTerminated",
    "CallTurnedAway",
    "Calling",
    "ClientEvent",
    "ConferenceChanged",
    "ConnectionChange",
    "CrashReported",
    "DoNotDisturbChanged",
    "DtmfFailed",
    "DtmfReceived",
    "Ending",
    "FeedbackSubmitted",
    "HoldChanged",
    "IncomingCall",
    "IncomingCallCanceled",
    "IncomingCallIgnored",
    "LampChanged",
    "Login",
    "LoginFailed",
    "Logout",
    "MediaConnected",
    "MediaFailed",
    "MediaMetrics",
    "MediaPermission",
    "MessageFailed",
    "MessageReceived",
    "MessageSent",
    "MessagesWaiting",
    "MuteChanged",
    "NoiseReductionReady",
    "PermissionDenied",
    "Reconnected",
    "Reconnecting",
    "RemoteAudioStatus",
    "Sample",
    "TransferFailed",
    "TransferProgress",
    "TransferRequested",
    "Transferred",
    "Volume",
    "WarningCleared",
    "WarningRaised",
    "WebSocketConnected",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketConnected:
    """The WebSocket to the registrar is open."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChange:
    """`state` is "connected" (registered) or "disconnected"; `code` is the WebSocket's close code, if there was one."""

    state: str
    reason: str
    code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Registered: calls can come. `reason` is "requested", or "connection_lost" when it came back by itself.

    `identifier` is what `Client.set_identifier` called this unit.
    """

    aor: str
    reason: str = "requested"
    identifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFailed:
    """The registrar refused or never answered; `cause` is a `calls.cause.Cause`, `status` the SIP status (0: none)."""

    cause: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """No longer registered. `reason` is "requested", "connection_lost" or "expired"."""

    reason: str = "requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionDenied:
    """The access token does not allow a call in this `direction`: ours was not made, or theirs was answered 403."""

    direction: Direction
    cause: str = "INVALID_ACCESS_TOKEN_GRANTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashReported:
    """An error that nobody caught, in a task or callback: told once for each place, without secrets.

    `where` is what failed, `error` the class of the exception, `trace` its traceback. It is `ours` if this package's
    own task failed, not a callback or task of the application.
    """

    where: str
    error: str
    trace: str
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling(CallEvent):
    """The INVITE of an outgoing call was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRemoteRinging(CallEvent):
    """The far end rings (the first 18x with a To tag)."""

    early_media: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConnected(CallEvent):
    """A description of the far end was applied: early media may flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(CallEvent):
    """Answered: the far end's 2xx (outgoing) or its ACK to ours (incoming)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaConnected(CallEvent):
    """ICE and DTLS are through: media flows. Again when a lost path is back, or another has taken its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTerminated(CallEvent):
    """An answered call has ended. `call.originator` says by whom; `summary` is its quality."""

    cause: str
    duration: float
    """Seconds from answer to end."""
    summary: QualitySummary


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed(CallEvent):
    """A call ended before it was answered; `cause` is a `calls.cause.Cause`, `status` the SIP status."""

    cause: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall(CallEvent):
    """Somebody calls; 180 has been sent."""

    caller_id: str
    caller_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCallCanceled(CallEvent):
    """The caller gave up. `elsewhere` if another of the user's phones took it."""

    elsewhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCallIgnored(CallEvent):
    """We fell silent about it: the caller goes on hearing ringback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteChanged(CallEvent):
    """The microphone of this call was muted or opened."""

    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChanged(CallEvent):
    """The call was held or resumed, by us ("local") or by the far end ("remote")."""

    held: bool
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfReceived(CallEvent):
    """The far end pressed a key; `duration` in milliseconds, `method` "rfc4733", "info" or "inband"."""

    digit: str
    duration: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfFailed(CallEvent):
    """The far end refused digits that could only be sent by SIP INFO; they and those after them were not sent."""

    digits: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFailed(CallEvent):
    """The media path could not be opened, or is lost: nothing is heard until `MediaConnected`.

    A call whose path never was open ends after `ClientSettings.media_timeout` with "WebRTC Error". One that was
    answered and has lost it is reconnecting.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRestored(CallEvent):
    """A call is there that a former run of this program has left: `Reconnecting` follows, or its end.

    It was answered `talked` seconds ago; `muted` and `held` (by us) are what they were.
    """

    talked: float
    muted: bool
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnecting(CallEvent):
    """A call has lost its media path or its way to the registrar, and goes on; once until `Reconnected`.

    `reason` is what was lost first: "media" (`MediaFailed` says when nothing is heard), "signalling" (then sound goes
    on, and the call lives for as long as it does), or "restart": this program was started anew. A media path that is
    not back after `ClientSettings.reconnect_timeout` ends the call: "RTP Timeout", or "Connection Error" without a
    registrar.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnected(CallEvent):
    """Media flows and the registrar is reached again; `duration` is the seconds since `Reconnecting`."""

    duration: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(CallEvent):
    """One second of quality."""

    sample: QualitySample


ClientEvent = (
    WebSocketConnected
    | ConnectionChange
    | Login
    | LoginFailed
    | Logout
    | PermissionDenied
    | CrashReported
    | Calling
    | CallRemoteRinging
    | CallConnected
    | CallAnswered
    | MediaConnected
    | CallTerminated
    | CallFailed
    | IncomingCall
    | IncomingCallCanceled
    | IncomingCallIgnored
    | MuteChanged
    | HoldChanged
    | DtmfReceived
    | DtmfFailed
    | MediaFailed
    | CallRestored
    | Reconnecting
    | Reconnected
    | Sample
    | QualityEvent
    | ServiceEvent
    | SoundEvent
)

Ending = CallTerminated | CallFailed | IncomingCallCanceled | IncomingCallIgnored
"""The last event of a call, one of them, once."""
