"""What a unit can find out about itself in a moment. Pure: the facts are gathered elsewhere."""

from dataclasses import dataclass
from typing import Final

from appliance.mqtt.registration_state import Registration
from appliance.mqtt.unit_states import Check, Health, Sound

_HOT: Final = 80.0  # °C: the Raspberry Pi's firmware slows its processor down from here (soft limit 60 to 80)
_FREE: Final = 0.05  # of the disk, and of memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the checks look at."""

    registration: Registration
    broker_problem: str
    sound: Sound
    disk_problem: str
    health: Health | None


def checks(facts: Facts) -> tuple[Check, ...]:
    """Each thing, and whether it is as it should be."""
    registration = facts.registration
    registered = registration.state == "registered"
    words = registration.aor if registered else f"{registration.state} {registration.reason}".strip()
    return (
        Check(name="registration", passed=registered, detail=words),
        Check(name="broker", passed=not facts.broker_problem, detail=facts.broker_problem),
        Check(name="sound", passed=facts.sound.working, detail=facts.sound.problem or facts.sound.device),
        Check(name="audit_store", passed=not facts.disk_problem, detail=facts.disk_problem),
        *_of_the_machine(facts.health),
    )


def _of_the_machine(health: Health | None) -> tuple[Check, ...]:
    if health is None:
        return (Check(name="machine", passed=None, detail="psutil is not installed"),)
    return (
        _temperature(health.temperature),
        _power(health.throttled, health.throttled_before),
        _share("disk", health.disk_free, health.disk_total),
        _share("memory", health.memory_available, health.memory_total),
        Check(
            name="clock",
            passed=health.clock_synchronised,
            detail="" if health.clock_synchronised else "nothing has set the time of day",
        ),
    )


def _temperature(degrees: float | None) -> Check:
    if degrees is None:
        return Check(name="temperature", passed=None, detail="this machine does not tell")
    return Check(name="temperature", passed=degrees < _HOT, detail=f"{degrees:.0f} °C")


def _power(now: tuple[str, ...] | None, before: tuple[str, ...] | None) -> Check:
    if now is None:
        return Check(name="power", passed=None, detail="this machine does not tell")
    earlier = f"since the start: {', '.join(before)}" if before else ""
    return Check(name="power", passed=not now, detail=", ".join(now) or earlier)


def _share(name: str, left: int | None, whole: int | None) -> Check:
    if left is None or not whole:
        return Check(name=name, passed=None, detail="this machine does not tell")
    return Check(name=name, passed=left / whole > _FREE, detail=f"{100.0 * left / whole:.0f} % free")
