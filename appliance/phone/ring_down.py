"""Calls that nobody dials: a hotline, and the button of a door; one target after the other, until somebody answers."""

from dataclasses import replace

from appliance.phone import dialling
from appliance.phone.state import Phase, PhoneSettings, State, Step, Target, entered
from appliance.units import Seconds


def rung(state: State, targets: tuple[Target, ...], now: Seconds, settings: PhoneSettings) -> Step:
    """The state after the first of `targets` is called; the others come if that leads to nothing."""
    target, *others = targets
    if not state.line.ready:
        return replace(entered(state, Phase.UNAVAILABLE, now, settings), peer=target.number), ()
    calling, asked = dialling.call(replace(state, urgent=""), target.number, now, settings)
    return replace(calling, targets=tuple(others), deadline=Seconds(now + target.seconds)), asked
