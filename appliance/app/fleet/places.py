"""The units of an imagined fleet: who they are and where they stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random
from typing import Final

from appliance.mqtt.unit_states import UnitInfo

_SITES: Final = (
    "airport", "brewery", "clinic", "depot", "embassy", "ferry", "gallery", "harbour", "institute", "junction",
    "kindergarten", "library", "museum", "nursery", "observatory", "port", "quarry", "refinery", "school", "theatre",
    "university", "vineyard", "workshop", "zoo",
)  # fmt: skip
_ROOMS: Final = ("reception", "door", "office", "desk", "gate", "ward", "desk", "lift", "office", "canteen", "workshop")
_WITH_DOOR: Final = ("door", "gate")
_MODELS: Final = ("Raspberry Pi 4 Model B", "Raspberry Pi 5 Model B", "Raspberry Pi Zero 2 W", "Raspberry Pi 4 Model B")
_SOFTWARE: Final = ("0.9.4",) * 6 + ("0.9.3",) * 3 + ("1.0.0rc1",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One unit, before it does anything."""

    site: str
    device: str
    number: str
    """Its extension."""
    info: UnitInfo

    @property
    def name(self) -> str:
        """As in a unit's certificate."""
        return f"{self.site}/{self.device}"

    @property
    def has_door(self) -> bool:
        """It stands at a door, which it can open."""
        return "door" in self.info.capabilities

    @property
    def aor(self) -> str:
        """Its SIP address of record."""
        return self.info.aor


def places(units: int, *, sites: int = 0, seed: int = 0) -> list[Place]:
    """`units` of them over `sites` (0: as many as fit), always the same for one seed."""
    random = Random(seed)
    sites = sites or max(1, round(units**0.5 / 1.4))
    names = list(islice(_numbered(_SITES), sites))
    rooms = {name: _numbered(_ROOMS) for name in names}
    return [_place(name, next(rooms[name]), 2000 + index, random) for index, name in zip(range(units), cycle(names))]


def _numbered(names: Sequence[str]) -> Iterator[str]:
    """All of them, and the same again with numbers."""
    seen: dict[str, int] = {}
    for name in cycle(names):
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}"


def _place(site: str, device: str, number: int, random: Random) -> Place:
    door = device.partition("-")[0] in _WITH_DOOR
    sound = ("display", "keypad", "sound", "wifi") if random.random() < 0.4 else ("display", "keypad", "sound")
    commands = ("call", "hang_up", "volume", "show_text", "dnd", "identify", "self_test", "reboot", "logs")
    info = UnitInfo(
        software=random.choice(_SOFTWARE),
        model=random.choice(_MODELS),
        serial=f"{random.getrandbits(64):016x}",
        hardware="door-station" if door else "desk-phone",
        capabilities=(*sound, "door") if door else (*sound, "hook_switch"),
        label=f"{device.replace('-', ' ').capitalize()}, {site.replace('-', ' ').capitalize()}",
        aor=f"sip:{number}@sip.example.org",
        mac=":".join(["dc:a6:32", *(f"{random.getrandbits(8):02x}" for _ in range(3))]),
        system="Debian GNU/Linux 12, Linux 6.12",
        commands=(*commands, "door_open") if door else commands,
    )
    return Place(site=site, device=device, number=str(number), info=info)
