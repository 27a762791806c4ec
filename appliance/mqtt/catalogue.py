"""Every message there is, in one table: what is published, what is listened to, and the types they are made of.

The schema is generated from it, the tests walk it, and nothing is published that does not stand in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, get_args

from appliance.calls.events import ClientEvent, Sample
from appliance.calls.quality_events import Volume, WarningCleared, WarningRaised
from appliance.events import event_name
from appliance.mqtt.call_states import Overview, Record
from appliance.mqtt.command_payloads import COMMANDS, Audit, ConfigDesired, ConfigReported, Envelope, Response
from appliance.mqtt.payloads import EventName, Header, IntervalOf, Numbered, SummaryOf
from appliance.mqtt.registration_state import Registration
from appliance.mqtt.unit_states import (
    Controls,
    Dropped,
    Health,
    LogLine,
    QualityHours,
    SelfTest,
    Sound,
    Status,
    TwinSeen,
    UnitInfo,
)
from appliance.quality.sample import QualitySample
from appliance.quality.summary import QualitySummary


class Sender(StrEnum):
    """Who publishes."""

    UNIT = "unit"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One kind of message: its place, how it is sent, and the types whose fields are its fields, in order."""

    address: str
    """The topic below site and device; `{…}` is one level that varies."""
    parts: tuple[type, ...]
    retain: bool = False
    qos: int = 1
    sender: Sender = Sender.UNIT
    variant: str = ""
    """Tells it from the other messages of its address."""

    @property
    def name(self) -> str:
        """A name for files and references, like `state.call`."""
        place = self.address.replace("/", ".").replace(".{command}", "").replace("{call}", "")
        return f"{place}{self.variant}".rstrip(".")


STATES: Final[dict[str, type]] = {
    "registration": Registration,
    "call": Overview,
    "last_call": Record,
    "quality_hours": QualityHours,
    "audio": Sound,
    "controls": Controls,
    "health": Health,
    "self_test": SelfTest,
    "dropped": Dropped,
}
"""`state/<name>`."""

CallRecord = Record
"""The same at the end of each call, as an event."""

UnitEvent = Audit | TwinSeen
"""Events of the unit that are not the call API's."""


UNPUBLISHED: Final = (Volume, WarningRaised, WarningCleared)
"""Of the call API's events: what is too often, and what `media_metrics` says in other words."""


def event_types() -> dict[str, type]:
    """`event/<name>`: those of the call API, whatever they are by now, and the unit's own."""
    kinds = (*get_args(ClientEvent), *get_args(UnitEvent))
    named = {event_name(kind): kind for kind in kinds if kind not in (Sample, *UNPUBLISHED)}
    return named | {"call_record": CallRecord}


def messages() -> tuple[Message, ...]:
    """All of them."""
    return tuple(_messages())


def _messages() -> Iterator[Message]:
    yield Message(address="status", parts=(Status,), retain=True)
    yield Message(address="info", parts=(Header, UnitInfo), retain=True)
    for name, kind in STATES.items():
        yield Message(address=f"state/{name}", parts=(Header, kind), retain=True)
    for name, kind in sorted(event_types().items()):
        yield Message(address=f"event/{name}", parts=(Numbered, EventName, kind))
    yield Message(address="quality/{call}", parts=(Header, IntervalOf, QualitySample), qos=0, variant="interval")
    yield Message(address="quality/{call}", parts=(Numbered, SummaryOf, QualitySummary), variant="summary")
    yield Message(address="resp/{command}", parts=(Header, Response))
    yield Message(address="cfg/reported", parts=(Header, ConfigReported), retain=True)
    yield Message(address="log", parts=(Header, LogLine), qos=0)
    for name, kind in COMMANDS.items():
        yield Message(address=f"cmd/{name}", parts=(Envelope, kind), sender=Sender.MANAGER)
    yield Message(address="cfg/desired", parts=(ConfigDesired,), retain=True, sender=Sender.MANAGER)
