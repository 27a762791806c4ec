"""What becomes of a command before anything is done: read, checked, and let through or refused with a reason.

cmd/<name> ──► kept? too large? ──► read ──► permitted? ──► id, time, clock ──► seen before? ──► Request
└──────────────────── Refused, with a sentence ◄────────────────┘
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any, Final, NewType, get_args, get_origin, get_type_hints

from appliance.mqtt.command_payloads import COMMANDS, ID, Arguments, Call, ConfigDesired, DoorOpen, Envelope, Refusal
from appliance.mqtt.document import Json, document
from appliance.mqtt.limits import Letters, Range
from appliance.mqtt.received import Received
from appliance.phone.dial_plan import Fit, Pattern
from appliance.units import Seconds

LARGEST: Final = 4 * 1024
"""Octets of a command."""
DOOR_AGE: Final = 10.0
"""Seconds a command to a door may be old, or ahead of our clock."""
_AHEAD: Final = 10.0  # seconds that a sender's clock may be ahead of ours
_RATE, _SPAN = 20, 10.0  # commands in so many seconds; more than that is no person
_REMEMBERED: Final = 2_000  # ids
_SHOWN: Final = 80  # characters of what a sender wrote that we repeat

WITH_ID: Final = frozenset({"call", "reboot", "config_apply", "config_roll_back", "door_open"})
"""Commands that are not done without an id: twice would be another thing than once."""
SAFE_FIRST: Final = frozenset({"reboot", "config_apply", "config_roll_back", "door_open"})
"""Commands that are not done unless their audit record outlives a power cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command that may be done."""

    name: str
    envelope: Envelope
    arguments: Arguments
    given: Mapping[str, Json]
    """Its own fields as they came, for the audit record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A command that is not done, and as much of it as could be read."""

    name: str
    reason: Refusal
    detail: str
    envelope: Envelope = field(default_factory=Envelope)
    given: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What this unit permits."""

    allowed: frozenset[str] = frozenset()
    """Names of commands."""
    targets: tuple[Pattern, ...] = ()
    """Numbers that may be called."""

    def permits(self, arguments: Arguments) -> bool:
        """Whether a command that is allowed may be done with these arguments."""
        if not isinstance(arguments, Call):
            return True
        return any(pattern.fit(arguments.number) in {Fit.WHOLE, Fit.OPEN} for pattern in self.targets)


class Gate:
    """Lets commands through. Its memory is bounded."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._seen: dict[str, float] = {}
        self._recent: list[float] = []

    def recall(self, seen: Mapping[str, float]) -> None:
        """Ids that a former start has seen, and when they came, in seconds since 1970."""
        self._seen = {**seen, **self._seen}

    def check(self, name: str, message: Received, wall: datetime, *, synchronised: bool) -> Request | Refused:
        """What becomes of a command at this time; `synchronised` says whether the time can be trusted."""
        refused = self._at_sight(name, message, wall)
        if refused is not None:
            return refused
        found = read(name, message.payload)
        if isinstance(found, Refused):
            return found
        problem = next(filter(None, self._problems(found, wall, synchronised=synchronised)), None)
        if problem is not None:
            reason, detail = problem
            return Refused(name=name, reason=reason, detail=detail, envelope=found.envelope, given=found.given)
        if found.envelope.id:
            self._remember(found.envelope.id, wall)
        return found

    def _at_sight(self, name: str, message: Received, wall: datetime) -> Refused | None:
        now = wall.timestamp()
        self._recent = [moment for moment in self._recent if 0.0 <= now - moment < _SPAN]
        if len(self._recent) >= _RATE:
            return Refused(name=name, reason=Refusal.BUSY, detail=f"more than {_RATE} commands in {_SPAN:g} s")
        self._recent.append(now)
        if message.retained:
            return _sighted(name, message, Refusal.RETAINED, "it was kept by the broker: send it without retain")
        if len(message.payload) > LARGEST:
            detail = f"it has {len(message.payload)} octets; allowed are {LARGEST}"
            return Refused(name=name, reason=Refusal.OVERSIZED, detail=detail)
        if name not in COMMANDS:
            detail = f"known are {', '.join(sorted(COMMANDS))}"
            return _sighted(name, message, Refusal.UNKNOWN, detail)
        if name not in self._policy.allowed:
            return _sighted(name, message, Refusal.FORBIDDEN, f"this unit's configuration does not permit {name}")
        return None

    def _problems(
        self, request: Request, wall: datetime, *, synchronised: bool
    ) -> Iterator[tuple[Refusal, str] | None]:
        envelope = request.envelope
        door = isinstance(request.arguments, DoorOpen)
        if not envelope.id and request.name in WITH_ID:
            yield Refusal.WITHOUT_ID, f"{request.name} needs an id that was never used before"
        if envelope.time is None and door:
            yield Refusal.WITHOUT_TIME, "a door needs the time at which it was asked for"
        if door and not synchronised:
            yield Refusal.CLOCK, "the unit's clock is not synchronised: it can't tell how old the command is"
        # A clock that was never set would refuse everything, or nothing: only a door is that careful.
        if envelope.time is not None and synchronised:
            yield _age(envelope, envelope.time, wall, door=door)
        if not self._policy.permits(request.arguments):
            yield Refusal.FORBIDDEN, "this unit's configuration does not permit this number"
        if envelope.id in self._seen:
            yield Refusal.REPEATED, f"a command with the id {envelope.id} came before"

    def _remember(self, command: str, wall: datetime) -> None:
        now = wall.timestamp()
        self._seen[command] = now
        if len(self._seen) > _REMEMBERED:
            # The oldest half: they are refused by their age long since.
            ages = sorted(self._seen.items(), key=lambda entry: entry[1])
            self._seen = dict(ages[_REMEMBERED // 2 :])


def _age(envelope: Envelope, sent: datetime, wall: datetime, *, door: bool) -> tuple[Refusal, str] | None:
    age = (wall - sent).total_seconds()
    allowed = min(envelope.expires, DOOR_AGE) if door else envelope.expires
    if age > allowed:
        return Refusal.STALE, f"it was sent {age:.1f} s ago; allowed are {allowed:g}"
    if age < -_AHEAD:
        return Refusal.STALE, f"it was sent {-age:.1f} s in the future; is the sender's clock right?"
    return None


def _sighted(name: str, message: Received, reason: Refusal, detail: str) -> Refused:
    """Refused without a closer look; its id and sender are told if they can be read."""
    value = _object(message.payload) if len(message.payload) <= LARGEST else None
    if value is None:
        return Refused(name=name, reason=reason, detail=detail)
    envelope, _ = _filled(Envelope, {key: value[key] for key in ("id", "by") if key in value})
    return Refused(name=name, reason=reason, detail=detail, envelope=envelope or Envelope())


def read(name: str, payload: bytes) -> Request | Refused:
    """The command in `payload`; whatever a sender writes, this never raises. Fields that are not known are ignored."""
    kind = COMMANDS[name]
    value = _object(payload)
    if value is None:
        return Refused(name=name, reason=Refusal.MALFORMED, detail="it is not a JSON object")
    own = {each.name for each in fields(kind)}
    given = document({key: item for key, item in value.items() if key in own})
    assert isinstance(given, dict)
    envelope, problem = _filled(Envelope, value)
    if envelope is None:
        return Refused(name=name, reason=Refusal.MALFORMED, detail=problem, given=given)
    arguments, problem = _filled(kind, value)
    if arguments is None:
        return Refused(name=name, reason=Refusal.MALFORMED, detail=problem, envelope=envelope, given=given)
    return Request(name=name, envelope=envelope, arguments=arguments, given=given)


@dataclass(frozen=True, slots=True, kw_only=True)
class _DesiredHead:
    """`ConfigDesired` without its settings, which the configuration's own reader judges."""

    version: Annotated[str, ID]
    confirm_within: Annotated[Seconds, Range(30, 3600)] = Seconds(120.0)
    by: Annotated[str, Letters(64)] = ""


def desired_of(payload: bytes) -> ConfigDesired | str:
    """What `cfg/desired` says; or, in a sentence, what is wrong with it."""
    value = _object(payload)
    if value is None or not isinstance(value.get("settings"), dict):
        return "cfg/desired is not a JSON object with settings"
    found, problem = _filled(_DesiredHead, value)
    if found is None or not found.version:
        return problem or "version is missing"
    return ConfigDesired(
        version=found.version, settings=value["settings"], confirm_within=found.confirm_within, by=found.by
    )


def _object(payload: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(payload.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _filled(kind: type, value: Mapping[str, Any]) -> tuple[Any, str]:
    """An instance of a dataclass with the fields in `value`; or None, and which of them can't be used."""
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Any] = {}
    for each in fields(kind):
        if each.name not in value:
            if each.default is MISSING and each.default_factory is MISSING:
                return None, f"{each.name} is missing"
            continue
        item, allowed = _converted(hints[each.name], value[each.name])
        if allowed:
            shown = json.dumps(document(value[each.name]), ensure_ascii=False)
            shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
            return None, f"{each.name} = {shown} can't be used: allowed is {allowed}"
        found[each.name] = item
    return kind(**found), ""


def _converted(hint: Any, value: Any) -> tuple[Any, str]:
    """`value` as the type of a field wants it; or what would be allowed."""
    limits = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    kind = get_args(hint)[0] if limits else hint
    kind = kind.__supertype__ if isinstance(kind, NewType) else kind
    if kind is bool:
        return value, "" if isinstance(value, bool) else "true or false"
    if kind is str:
        good = isinstance(value, str) and all(limit.admits(value) for limit in limits if isinstance(limit, Letters))
        return value, "" if good else _words(limits, "a text")
    if kind in {int, float}:
        whole = isinstance(value, int) or kind is float
        number = isinstance(value, int | float) and not isinstance(value, bool) and whole
        good = number and all(limit.admits(value) for limit in limits if isinstance(limit, Range))
        return value, "" if good else _words(limits, "a whole number" if kind is int else "a number")
    return _moment(value)


def _words(limits: tuple[Any, ...], otherwise: str) -> str:
    return " ".join([otherwise, *(f"of {limit}" if isinstance(limit, Letters) else str(limit) for limit in limits)])


def _moment(value: Any) -> tuple[datetime | None, str]:
    allowed = "a time with its offset from UTC, like 2026-01-31T12:00:00+01:00 or 2026-01-31T12:00:00Z"
    if value is None:
        return None, ""
    if not isinstance(value, str):
        return None, allowed
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None, allowed
    return moment, "" if moment.tzinfo is not None else allowed
