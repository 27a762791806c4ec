"""From the events of a unit to publications.

client.events ──► event() ──► event/<name>, quality/<call>          what happened
                      └─────► state/registration, state/call,        what is the case, if it changed
                              state/last_call, state/quality_hours
a part of the unit ► happened(), state() ──► event/<name>, state/<name>
a connection  ──► birth() … will() … farewell() ──► status           whether the unit is there
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from appliance.calls.call_info import CallEvent
from appliance.calls.events import CallTerminated, ClientEvent, Sample
from appliance.errors import UsageError
from appliance.events import event_name
from appliance.mqtt import payloads
from appliance.mqtt.call_states import CallStates, Overview, Record
from appliance.mqtt.catalogue import STATES, UNPUBLISHED, UnitEvent
from appliance.mqtt.command_payloads import Audit, ConfigReported, Response
from appliance.mqtt.payloads import Header, Numbered
from appliance.mqtt.publication import Publication
from appliance.mqtt.quality_hours import HourlyQuality
from appliance.mqtt.registration_state import Registration, followed
from appliance.mqtt.topics import Topics
from appliance.mqtt.unit_states import LogLine, Status, UnitInfo

_MAX_BOOT_ID: Final = 64
_HOURS: Final = "quality_hours"
_LAST_CALL: Final = "last_call"
_STATE_NAMES: Final = {kind: name for name, kind in STATES.items()}


class Bridge:
    """One unit as the broker sees it. `boot_id` names this start of the service. Raises `UsageError` for bad names."""

    def __init__(
        self,
        site: str,
        device: str,
        boot_id: str,
        *,
        prefix: str = "intercom",
        info: UnitInfo | None = None,
    ) -> None:
        if not (0 < len(boot_id) <= _MAX_BOOT_ID and boot_id.isascii() and boot_id.isprintable()):
            raise UsageError(f"boot id {boot_id[:80]!r}: 1 to {_MAX_BOOT_ID} printable ASCII characters")
        self.topics = Topics(site=site, device=device, prefix=prefix)
        self.boot_id = boot_id
        self.info = info or UnitInfo(software="")
        """What the unit is."""
        self._seq = 0
        self._registration = Registration()
        self._calls = CallStates()
        self._overview = Overview()
        self._hours = HourlyQuality()

    @property
    def registration(self) -> Registration:
        """Whether the unit can be called."""
        return self._registration

    @property
    def client_id(self) -> str:
        """A name for the connection that no other unit has."""
        return f"{self.topics.prefix}-{self.topics.site}-{self.topics.device}"

    def initial(self, wall: datetime) -> list[Publication]:
        """What is the case before anything happened; replaces what the last start left retained."""
        header = self._header(wall)
        return [
            self._retained(self.topics.info, payloads.encode(header, self.info)),
            self.state(self._registration, wall),
            self.state(self._overview, wall),
            self.state(self._hours.at(wall), wall),
        ]

    def restored(self, notes: Mapping[str, str], wall: datetime) -> list[Publication]:
        """What the last start noted of the unit's past (`notes()`), so that a broker without memory has it too."""
        self._hours.restore(notes.get(_HOURS, ""))
        last = notes.get(_LAST_CALL, "").encode()
        record = [self._retained(self.topics.state(_LAST_CALL), last)] if last else []
        return [*record, self.state(self._hours.at(wall), wall)]

    def notes(self, publications: Iterable[Publication]) -> dict[str, str]:
        """What the next start wants to know of these."""
        wanted = {self.topics.state(name): name for name in (_HOURS, _LAST_CALL)}
        return {wanted[one.topic]: one.payload.decode() for one in publications if one.topic in wanted}

    def birth(self, wall: datetime) -> Publication:
        """The first message of every connection."""
        return self._status(wall, "online", "")

    def will(self, wall: datetime) -> Publication:
        """What the broker says for us when we are gone; its time is that of the connection it was left with."""
        return self._status(wall, "offline", "lost")

    def farewell(self, wall: datetime) -> Publication:
        """The last message of a unit that is stopped on purpose."""
        return self._status(wall, "offline", "shutdown")

    def state(self, value: object, wall: datetime) -> Publication:
        """`state/<name>`; the type of `value`, one of the catalogue's, says which."""
        return self._retained(self.topics.state(_STATE_NAMES[type(value)]), payloads.encode(self._header(wall), value))

    def reported(self, configuration: ConfigReported, wall: datetime) -> Publication:
        """`cfg/reported`."""
        return self._retained(self.topics.reported, payloads.encode(self._header(wall), configuration))

    def response(self, response: Response, wall: datetime, *, topic: str = "", correlation: bytes = b"") -> Publication:
        """`resp/<name>`, or `topic`; `correlation` is what the sender knows its request by (MQTT 5 §4.10)."""
        return Publication(
            topic=topic or self.topics.response(response.command),
            payload=payloads.encode(self._header(wall), response),
            qos=1,
            retain=False,
            answer=True,
            correlation=correlation,
        )

    def log(self, line: LogLine, wall: datetime) -> Publication:
        """`log`."""
        payload = payloads.encode(self._header(wall), line)
        return Publication(topic=self.topics.log, payload=payload, qos=0, retain=False)

    def happened(self, event: UnitEvent, wall: datetime) -> Publication:
        """`event/<name>` for what is no event of the call API."""
        return self._event(event_name(event), event, wall, lasting=isinstance(event, Audit))

    def event(self, event: ClientEvent, wall: datetime) -> list[Publication]:
        """What `event` gives to publish, in this order."""
        if isinstance(event, Sample):
            payload = payloads.interval(self._header(wall), event.call.call_uuid, event.sample)
            return [self._quality(event.call.call_uuid, payload, qos=0)]
        if isinstance(event, UNPUBLISHED):
            return []
        publications = [self._event(event_name(event), event, wall)]
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
            publications += self._record(record, wall)
        overview = self._calls.overview()
        if overview != self._overview:
            self._overview = overview
            publications.append(self.state(overview, wall))
        return publications

    def _record(self, record: Record, wall: datetime) -> list[Publication]:
        return [
            self._event("call_record", record, wall),
            self.state(record, wall),
            self.state(self._hours.add(record), wall),
        ]

    def _register(self, event: ClientEvent, wall: datetime) -> list[Publication]:
        after = followed(self._registration, event, wall)
        if after is self._registration:
            return []
        self._registration = after
        return [self.state(after, wall)]

    def _event(self, name: str, event: object, wall: datetime, *, lasting: bool = False) -> Publication:
        payload = payloads.event(self._numbered(wall), name, event)
        return Publication(topic=self.topics.event(name), payload=payload, qos=1, retain=False, lasting=lasting)

    def _header(self, wall: datetime) -> Header:
        return Header(time=wall, boot_id=self.boot_id)

    def _numbered(self, wall: datetime) -> Numbered:
        self._seq += 1
        return Numbered(time=wall, boot_id=self.boot_id, id=f"{self.boot_id}-{self._seq}", seq=self._seq)

    def _status(self, wall: datetime, state: str, reason: str) -> Publication:
        status = Status(time=wall, boot_id=self.boot_id, state=state, reason=reason, serial=self.info.serial)
        return self._retained(self.topics.status, payloads.encode(status))

    def _quality(self, call_uuid: str, payload: bytes, *, qos: int) -> Publication:
        return Publication(topic=self.topics.quality(call_uuid), payload=payload, qos=qos, retain=False)

    @staticmethod
    def _retained(topic: str, payload: bytes) -> Publication:
        return Publication(topic=topic, payload=payload, qos=1, retain=True)
