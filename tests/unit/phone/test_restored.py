"""A telephone whose program has crashed in a call and is back: the handset tells whether somebody still talks."""

from dataclasses import replace

import pytest

from appliance.phone.actions import HangUp
from appliance.phone.gallery import SETTINGS
from appliance.phone.inputs import CallEnded, CallRestored, HookChanged, Input, LineChanged
from appliance.phone.machine import Machine
from appliance.phone.state import Phase
from appliance.units import Seconds

NOW = Seconds(100.0)
RESTORED = CallRestored(call="c", number="4711", name="Ann", incoming=True, talked=65.0, muted=True, held=False)


@pytest.mark.parametrize("held", [False, True])
def test_whoever_holds_the_handset_is_in_the_call(held: bool) -> None:
    machine = Machine(SETTINGS)
    inputs: list[Input] = [HookChanged(off_hook=True), LineChanged(registered=True), replace(RESTORED, held=held)]
    for happened in inputs:
        machine.handle(happened, NOW)
    assert machine.phase is (Phase.ON_HOLD if held else Phase.IN_CALL)
    call = machine.state.call
    assert call is not None
    assert (call.call, call.number, call.name, call.incoming, call.muted) == ("c", "4711", "Ann", True, True)
    assert call.talked(NOW) == 65.0
    machine.handle(CallEnded(call="c"), NOW)
    assert str(machine.phase) == "ended"


def test_a_handset_that_was_put_down_meanwhile_ends_the_call() -> None:
    machine = Machine(SETTINGS)
    machine.handle(HookChanged(off_hook=False), NOW)
    assert HangUp("c") in machine.handle(RESTORED, NOW)
    assert machine.phase is Phase.IDLE
