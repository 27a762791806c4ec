"""What every message begins with, and how its parts become one JSON object."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from appliance.mqtt.document import Json, document
from appliance.quality.sample import QualitySample
from appliance.quality.summary import QualitySummary
from appliance.units import Seconds

SCHEMA: Final = 1
"""Grows when a payload gains a field; readers ignore what they don't know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What every payload begins with."""

    schema: int = SCHEMA
    """Grows when a payload gains a field; readers ignore what they don't know."""
    time: datetime
    """UTC; wrong until the unit's clock has been set, which `boot_id` and `seq` survive."""
    boot_id: str
    """One start of the unit's service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered(Header):
    """The header of what must not be missed."""

    id: str
    """The same when the message comes twice (QoS 1)."""
    seq: int
    """1, 2, 3 … since the start: a gap is a loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventName:
    """What an event says before its own fields."""

    event: str
    """Its name, the last level of its topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalOf:
    """What a second of quality says before its figures."""

    kind: str = "interval"
    """Tells a second from the summary: both are on `quality/<call>`."""
    call_uuid: str
    """Which call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryOf:
    """What a summary of quality says before its figures."""

    kind: str = "summary"
    """Tells the summary from a second: both are on `quality/<call>`."""
    call_uuid: str
    """Which call."""
    duration: Seconds
    """Seconds from answer to end."""
    cause: str
    """Why the call ended."""


def encode(header: Header, *parts: object, **values: object) -> bytes:
    """One JSON object: the header's fields, then those of `parts` (dataclasses or mappings), then `values`.

    A part never overrides the header: a field of the same name is left out.
    """
    result = _object(document(header))
    for part in (*parts, values):
        for key, value in _object(document(part)).items():
            result.setdefault(key, value)
    return json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def event(header: Numbered, name: str, happened: object) -> bytes:
    """`event/<name>`: the event's fields, `call` among them, and its name as `event`."""
    return encode(header, EventName(event=name), happened)


def interval(header: Header, call_uuid: str, sample: QualitySample) -> bytes:
    """`quality/<call>` while the call lasts."""
    return encode(header, IntervalOf(call_uuid=call_uuid), sample)


def summary(header: Numbered, call_uuid: str, whole: QualitySummary, *, duration: float, cause: str) -> bytes:
    """`quality/<call>` when the call is over; `duration` in seconds."""
    return encode(header, SummaryOf(call_uuid=call_uuid, duration=Seconds(duration), cause=cause), whole)


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
