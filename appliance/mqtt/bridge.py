"""From the events of a unit to publications.

client.events ──► event() ──► event/<name>, quality/<call>          what happened
                      └─────► state/registration, state/call,        what is the case, if it changed
                              state/last_call
a connection  ──► birth() … will() … farewell() ──► status           whether the unit is there
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from appliance.calls.call_info import CallEvent
from appliance.calls.events import (
    CallTerminated,
    ClientEvent,
    ConnectionChange,
    Login,
    LoginFailed,
    Logout,
    Sample,
    WebSocketConnected,
)
from appliance.errors import UsageError
from appliance.events import event_name
from appliance.mqtt import payloads
from appliance.mqtt.call_states import CallStates, Overview
from appliance.mqtt.payloads import Dropped, Header, Numbered, Status, UnitInfo
from appliance.mqtt.publication import Publication
from appliance.mqtt.topics import Topics

_MAX_BOOT_ID: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """`state/registration`."""

    state: str = "unregistered"
    """"connecting", "registered", "refused", "unregistered" or "disconnected"."""
    aor: str = ""
    since: datetime | None = None
    """When it came into this state."""
    cause: str = ""
    status: int = 0
    """The SIP status of a refusal, else 0."""
    reason: str = ""


class Bridge:
    """One unit as the broker sees it. `boot_id` names this start of the service. Raises `UsageError` for bad names."""

    def __init__(
        self, site: str, device: str, boot_id: str, *, prefix: str = "intercom", info: UnitInfo | None = None
    ) -> None:
        if not (0 < len(boot_id) <= _MAX_BOOT_ID and boot_id.isascii() and boot_id.isprintable()):
            raise UsageError(f"boot id {boot_id[:80]!r}: 1 to {_MAX_BOOT_ID} printable ASCII characters")
        self.topics = Topics(site=site, device=device, prefix=prefix)
        self._boot_id = boot_id
        self._info = info or UnitInfo(software="")
        self._seq = 0
        self._registration = Registration()
        self._calls = CallStates()
        self._overview = Overview()

    @property
    def client_id(self) -> str:
        """A name for the connection that no other unit has."""
        return f"{self.topics.prefix}-{self.topics.site}-{self.topics.device}"

    def initial(self, wall: datetime) -> list[Publication]:
        """What is the case before anything happened; replaces what the last start left retained."""
        header = self._header(wall)
        return [
            self._retained(self.topics.info, payloads.encode(header, self._info)),
            self._state("registration", payloads.encode(header, self._registration)),
            self._state("call", payloads.encode(header, self._overview)),
        ]

    def birth(self, wall: datetime) -> Publication:
        """The first message of every connection."""
        return self._status(wall, "online", "")

    def will(self, wall: datetime) -> Publication:
        """What the broker says for us when we are gone; its time is that of the connection it was left with."""
        return self._status(wall, "offline", "lost")

    def farewell(self, wall: datetime) -> Publication:
        """The last message of a unit that is stopped on purpose."""
        return self._status(wall, "offline", "shutdown")

    def dropped(self, dropped: Dropped, wall: datetime) -> Publication:
        """`state/dropped`."""
        return self._state("dropped", payloads.encode(self._header(wall), dropped))

    def event(self, event: ClientEvent, wall: datetime) -> list[Publication]:
        """What `event` gives to publish, in this order."""
        if isinstance(event, Sample):
            payload = payloads.interval(self._header(wall), event.call.call_uuid, event.sample)
            return [self._quality(event.call.call_uuid, payload, qos=0)]
        payload = payloads.event(self._numbered(wall), event)
        topic = self.topics.event(event_name(event))
        publications = [Publication(topic=topic, payload=payload, qos=1, retain=False)]
        if isinstance(event, CallEvent):
            publications += self._call(event, wall)
        else:
            publications += self._register(event, wall)
        return publications

    def _call(self, event: CallEvent, wall: datetime) -> list[Publication]:
        publications = []
        record = self._calls.follow(event, wall)
        if isinstance(event, CallTerminated):
            payload = payloads.summary(
                self._numbered(wall),
                event.call.call_uuid,
                event.summary,
                duration=event.duration,
                cause=event.cause,
            )
            publications.append(self._quality(event.call.call_uuid, payload, qos=1))
        if record is not None:
            publications.append(self._state("last_call", payloads.encode(self._header(wall), record)))
        overview = self._calls.overview()
        if overview != self._overview:
            self._overview = overview
            publications.append(self._state("call", payloads.encode(self._header(wall), overview)))
        return publications

    def _register(self, event: ClientEvent, wall: datetime) -> list[Publication]:
        after = _registration(self._registration, event)
        if after == self._registration:
            return []
        self._registration = after if after.state == self._registration.state else replace(after, since=wall)
        return [self._state("registration", payloads.encode(self._header(wall), self._registration))]

    def _header(self, wall: datetime) -> Header:
        return Header(time=wall, boot_id=self._boot_id)

    def _numbered(self, wall: datetime) -> Numbered:
        self._seq += 1
        return Numbered(time=wall, boot_id=self._boot_id, id=f"{self._boot_id}-{self._seq}", seq=self._seq)

    def _status(self, wall: datetime, state: str, reason: str) -> Publication:
        status = Status(time=wall, boot_id=self._boot_id, state=state, reason=reason)
        return self._retained(self.topics.status, payloads.encode(status))

    def _state(self, name: str, payload: bytes) -> Publication:
        return self._retained(self.topics.state(name), payload)

    def _quality(self, call_uuid: str, payload: bytes, *, qos: int) -> Publication:
        return Publication(topic=self.topics.quality(call_uuid), payload=payload, qos=qos, retain=False)

    @staticmethod
    def _retained(topic: str, payload: bytes) -> Publication:
        return Publication(topic=topic, payload=payload, qos=1, retain=True)


def _registration(before: Registration, event: ClientEvent) -> Registration:
    match event:
        case Login():
            return Registration(state="registered", aor=event.aor, since=before.since, reason=event.reason)
        case LoginFailed():
            return Registration(
                state="refused", since=before.since, cause=event.cause, status=event.status, reason=event.reason
            )
        case Logout():
            return Registration(state="unregistered", since=before.since, reason=event.reason)
        case ConnectionChange(state="disconnected"):
            return Registration(state="disconnected", since=before.since, reason=event.reason)
        case WebSocketConnected() if before.state != "registered":
            return Registration(state="connecting", since=before.since)
    return before
