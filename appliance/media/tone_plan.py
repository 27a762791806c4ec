"""The tones of each country's telephone network: what people there know by ear (ITU-T E.180, E.182).

The figures are those of E.180's Supplement 2, of the United Kingdom BT's SIN 350; where a network has had several, its
latest. Howlers are no part of it: nobody agrees on one, so everybody gets the one of North America.
"""

from dataclasses import dataclass
from typing import Final

from appliance.errors import UsageError
from appliance.media.tones import Tone
from appliance.units import Dbov

_Sounding = tuple[tuple[float, ...], tuple[tuple[int, int], ...]]
"""Frequencies in Hz, and the cadence in ms on and off: () is without end."""

_RINGER: Final = (660.0, 825.0)
_CONTINUOUS: Final[tuple[tuple[int, int], ...]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TonePlan:
    """One country's tones."""

    dial: Tone
    """Dial."""
    ringback: Tone
    """The other telephone rings."""
    busy: Tone
    """The called line is busy."""
    reorder: Tone
    """The network can't, or there is no such number (congestion)."""
    call_waiting: Tone
    """Somebody else calls, in a call."""
    ringtone: Tone
    """Of this telephone, in the country's cadence."""
    howler: Tone
    """The handset is off its hook and nobody is on the line."""


def _plan(
    *, dial: _Sounding, ringback: _Sounding, busy: _Sounding, reorder: _Sounding, call_waiting: _Sounding
) -> TonePlan:
    return TonePlan(
        dial=Tone("dial", *dial),
        ringback=Tone("ringback", *ringback),
        busy=Tone("busy", *busy),
        reorder=Tone("reorder", *reorder),
        call_waiting=Tone("call waiting", *call_waiting),
        ringtone=Tone("ringtone", _RINGER, ringback[1], Dbov(-15.0), warble=12.0),
        howler=Tone("howler", (1400.0, 2060.0, 2450.0, 2600.0), ((100, 100),), Dbov(-12.0)),
    )


def _single(
    hertz: float,
    *,
    dial: tuple[tuple[int, int], ...] = _CONTINUOUS,
    ringback: tuple[tuple[int, int], ...],
    busy: tuple[tuple[int, int], ...],
    reorder: tuple[tuple[int, int], ...],
    call_waiting: tuple[tuple[int, int], ...],
) -> TonePlan:
    """A network with one frequency for everything."""
    return _plan(
        dial=((hertz,), dial),
        ringback=((hertz,), ringback),
        busy=((hertz,), busy),
        reorder=((hertz,), reorder),
        call_waiting=((hertz,), call_waiting),
    )


STANDARD: Final = _single(
    425.0,
    ringback=((1000, 4000),),
    busy=((480, 480),),
    reorder=((240, 240),),
    call_waiting=((200, 600), (200, 3000)),
)
"""What E.180 recommends to those who have no tones yet, and most of Europe has."""

PLANS: Final = {
    "AT": _single(
        420.0,
        ringback=((1000, 5000),),
        busy=((400, 400),),
        reorder=((200, 200),),
        call_waiting=((40, 1960),),
    ),
    "CH": _single(
        425.0,
        ringback=((1000, 4000),),
        busy=((500, 500),),
        reorder=((200, 200),),
        call_waiting=((200, 200), (200, 4000)),
    ),
    "DE": _single(
        425.0,
        ringback=((1000, 4000),),
        busy=((480, 480),),
        reorder=((240, 240),),
        call_waiting=((200, 200), (200, 5000)),
    ),
    "ES": _single(
        425.0,
        ringback=((1500, 3000),),
        busy=((200, 200),),
        reorder=((200, 200), (200, 200), (200, 600)),
        call_waiting=((175, 175), (175, 3500)),
    ),
    "FR": _single(
        440.0,
        ringback=((1500, 3500),),
        busy=((500, 500),),
        reorder=((250, 250),),
        call_waiting=((300, 10_000),),
    ),
    "GB": _plan(
        dial=((350.0, 440.0), _CONTINUOUS),
        ringback=((400.0, 450.0), ((400, 200), (400, 2000))),
        busy=((400.0,), ((375, 375),)),
        reorder=((400.0,), ((400, 350), (225, 525))),
        call_waiting=((400.0,), ((100, 4000),)),
    ),
    "IT": _single(
        425.0,
        dial=((200, 200), (600, 1000)),
        ringback=((1000, 4000),),
        busy=((500, 500),),
        reorder=((200, 200),),
        call_waiting=((400, 100), (250, 100), (150, 14_000)),
    ),
    "NL": _single(
        425.0,
        ringback=((1000, 4000),),
        busy=((500, 500),),
        reorder=((250, 250),),
        call_waiting=((500, 9500),),
    ),
    "US": _plan(
        dial=((350.0, 440.0), _CONTINUOUS),
        ringback=((440.0, 480.0), ((2000, 4000),)),
        busy=((480.0, 620.0), ((500, 500),)),
        reorder=((480.0, 620.0), ((250, 250),)),
        call_waiting=((440.0,), ((300, 10_000),)),
    ),
}
"""By the country's two letters (ISO 3166-1)."""

ALSO: Final = {"UK": "GB", "CA": "US"}
"""Other names, and countries with the same tones."""

COUNTRIES: Final = tuple(sorted((*PLANS, *ALSO)))


def tone_plan(country: str) -> TonePlan:
    """The tones of `country`, two letters in either case; "" is `STANDARD`. Raises `UsageError`."""
    letters = country.upper()
    if not letters:
        return STANDARD
    plan = PLANS.get(ALSO.get(letters, letters))
    if plan is None:
        raise UsageError(f"country: {country!r} is not one of {', '.join(COUNTRIES)}")
    return plan
