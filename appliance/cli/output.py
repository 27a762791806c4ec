"""What a command prints about its events: a line of text for people, or one JSON object a line."""

import json
import os
import sys
from collections.abc import Callable, Mapping

from appliance.calls.call_info import CallEvent, Direction
from appliance.calls.events import (
    CallFailed,
    CallTerminated,
    ClientEvent,
    ConnectionChange,
    CrashReported,
    DtmfFailed,
    DtmfReceived,
    HoldChanged,
    IncomingCall,
    Login,
    LoginFailed,
    Logout,
    MediaFailed,
    MuteChanged,
    PermissionDenied,
    Reconnected,
    Reconnecting,
    Sample,
    WebSocketConnected,
)
from appliance.calls.quality_events import (
    FeedbackSubmitted,
    MediaMetrics,
    RemoteAudioStatus,
    WarningCleared,
    WarningRaised,
)
from appliance.calls.sound_events import AudioDeviceChanged, MediaPermission
from appliance.cli.service_words import service_words
from appliance.clock import Clock, SystemClock
from appliance.events import event_name
from appliance.mqtt.document import Json, document
from appliance.quality.summary import QualitySummary


class Printer:
    """Hands events and facts to `write` as they come, a line each; without it they go to standard output.

    `gone` is True once nobody reads any more: nothing is printed then.
    """

    def __init__(
        self, *, as_json: bool, write: Callable[[str], object] | None = None, clock: Clock | None = None
    ) -> None:
        self._as_json = as_json
        self._sink = write or _standard_output
        self._clock = clock or SystemClock()
        self._last: tuple[str, Mapping[str, object], str] | None = None
        self.gone = False

    def event(self, event: ClientEvent) -> None:
        """An event of the call API. Samples, one a second, are printed as JSON only."""
        if self._as_json:
            self.fact(event_name(event), _fields(event))
        elif not isinstance(event, Sample):
            self._line(f"{event_name(event):22} {_words(event)}")

    def fact(self, name: str, fields: Mapping[str, object], text: str = "") -> None:
        """Something that is not an event of the call API: `name` stands where an event's name does."""
        if not self._as_json:
            self._line(f"{name:22} {text}")
            return
        record = {"event": name, "time": document(self._clock.wall())}
        record.update({key: document(value) for key, value in fields.items() if key not in record})
        self._write(json.dumps(record, ensure_ascii=False, allow_nan=False))

    def last(self, name: str, fields: Mapping[str, object], text: str) -> None:
        """A fact that is to be the last line; one that was meant to be before is printed now."""
        self.finish()
        self._last = (name, fields, text)

    def finish(self) -> None:
        """Print the last line, if there is one."""
        last, self._last = self._last, None
        if last is not None:
            self.fact(*last)

    def _line(self, text: str) -> None:
        moment = self._clock.wall().astimezone()
        self._write(f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}  {text}".rstrip())

    def _write(self, line: str) -> None:
        if self.gone:
            return
        try:
            self._sink(line)
        except BrokenPipeError:
            self.gone = True
            # The interpreter flushes it once more at its end, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _standard_output(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _fields(event: ClientEvent) -> dict[str, Json]:
    plain = document(event)
    return plain if isinstance(plain, dict) else {}


def quality_words(summary: QualitySummary) -> str:
    """A call's quality in one line."""
    if not summary.packets_received:
        return "nothing was received"
    mos = "unknown" if summary.mean_mos is None else f"{summary.mean_mos:.1f}"
    lost = 100.0 * summary.packets_lost / max(1, summary.packets_received + summary.packets_lost)
    parts = [f"MOS {mos}", summary.codec, f"{lost:.1f} % lost", f"{summary.concealed:.0f} ms concealed"]
    if summary.mean_jitter is not None:
        parts.append(f"jitter {summary.mean_jitter:.1f} ms")
    if summary.mean_round_trip is not None:
        parts.append(f"round trip {summary.mean_round_trip:.0f} ms")
    return ", ".join(part for part in parts if part)


def _words(event: ClientEvent) -> str:  # noqa: C901, PLR0911, PLR0912 -- a table of sentences, one an event
    match event:
        case WebSocketConnected(url=url):
            return url
        case ConnectionChange(state=state, reason=reason):
            return f"{state}: {reason}"
        case Login(aor=aor):
            return aor
        case LoginFailed(cause=cause, status=status, reason=reason):
            return f"{cause}: {status or ''} {reason}".replace("  ", " ")
        case Logout(reason=reason):
            return reason
        case CrashReported(where=where, error=error):
            return f"{error}: {where}"
        case PermissionDenied(direction=direction, cause=cause):
            return f"{direction.lower()} calls: {cause}"
        case IncomingCall(caller_id=caller, caller_name=name):
            return f"from {name} <{caller}>" if name else f"from {caller}"
        case CallFailed(cause=cause, status=status):
            return f"{cause} ({status})" if status else str(cause)
        case CallTerminated(cause=cause, duration=duration, summary=summary):
            return f"{cause} after {duration:.1f} s: {quality_words(summary)}"
        case DtmfReceived(digit=digit, method=method):
            return f"{digit} ({method})"
        case DtmfFailed(digits=digits, reason=reason):
            return f"{digits}: {reason}"
        case AudioDeviceChanged(change=change, device=device):
            return f"{change} {device.label}"
        case MediaPermission(status=status, error=error):
            return f"{status} {error}".strip()
        case MuteChanged(muted=muted):
            return "muted" if muted else "open"
        case HoldChanged(held=held, by=by):
            return f"{'held' if held else 'resumed'} by {by}"
        case MediaFailed(reason=reason) | Reconnecting(reason=reason):
            return reason
        case Reconnected(duration=duration):
            return f"after {duration:.1f} s"
        case MediaMetrics(type=kind, stream=stream, value=value, active=active):
            shown = f"{value:.3g}" if isinstance(value, float) else value
            return " ".join(filter(None, (kind, stream, shown, "" if active else "(over)")))
        case WarningRaised(name=name) | WarningCleared(name=name):
            return name
        case RemoteAudioStatus(audible=audible):
            return "sound" if audible else "no sound"
        case FeedbackSubmitted(feedback=feedback):
            return ", ".join([f"score {feedback.score}", *feedback.issues])
        case CallEvent(call=call):
            return service_words(event) or (call.dest if call.direction is Direction.OUTGOING else call.src)
        case _:
            return service_words(event)
