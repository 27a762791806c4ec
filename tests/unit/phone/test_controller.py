"""A whole telephone without hands: script panel, controller, call API and media against a registrar on loopback."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from appliance.calls import events
from appliance.calls.auto_answer import AutoAnswer
from appliance.calls.client import Client
from appliance.calls.events import ClientEvent
from appliance.calls.service_settings import ServiceSettings
from appliance.calls.settings import ClientSettings
from appliance.phone.controller import PhoneController
from appliance.phone.dial_plan import DialPlan
from appliance.phone.panel_reports import WAITING
from appliance.phone.state import Phase, PhoneSettings
from appliance.sim.registrar import Registrar
from appliance.sim.script_panel import ScriptPanel
from appliance.sim.wav_audio import WavAudio
from appliance.units import Seconds

USERS = {"100": "one", "101": "two", "102": "three"}
PATIENCE = 15.0
SETTINGS = PhoneSettings(
    name="Front door", number="100", dial_plan=DialPlan.of(patterns=("1XX",), inter_digit=Seconds(0.5))
)


@dataclass
class Scene:
    """Our telephone, and somebody else on the same registrar."""

    panel: ScriptPanel
    phone: PhoneController
    client: Client
    other: Client
    third: Client
    heard: list[ClientEvent]

    async def reaches(self, phase: Phase) -> None:
        await until(lambda: self.phone.state.phase is phase, lambda: f"{phase}, not {self.phone.state.phase}")

    async def rings(self) -> None:
        """Wait until the other one is called."""
        await until(lambda: bool(self.other.incoming_calls), lambda: f"a call, not {self.heard}")

    async def other_rests(self) -> None:
        await until(lambda: not self.other.calls, lambda: f"no call, not {self.other.calls}")


async def until(condition: Callable[[], bool], wanted: Callable[[], str]) -> None:
    for _ in range(int(PATIENCE / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"wanted {wanted()}")


def client(registrar: Registrar) -> Client:
    return Client(ClientSettings(registrars=registrar.url, domain=registrar.domain, allow_multiple_incoming=True))


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        registrar = await stack.enter_async_context(Registrar(USERS))
        ours = await stack.enter_async_context(client(registrar))
        other = await stack.enter_async_context(client(registrar))
        heard: list[ClientEvent] = []
        other.subscribe(heard.append)
        await other.login("101", "two")
        third = await stack.enter_async_context(client(registrar))
        await third.login("102", "three")
        panel = ScriptPanel()
        phone = PhoneController(ours, SETTINGS, panel.parts)
        phone.screens.subscribe(panel.screen_changed)
        await stack.enter_async_context(phone)
        assert await panel.shows("Connecting")
        await ours.login("100", "one")
        assert await panel.shows("Lift or dial")
        yield Scene(panel, phone, ours, other, third, heard)


async def test_dial_talk_and_hang_up(scene: Scene) -> None:
    scene.panel.lift()
    assert await scene.panel.shows("Dial a number")
    scene.panel.press("101")
    await scene.rings()
    assert await scene.panel.shows("Ringing")
    await scene.other.answer()
    assert await scene.panel.shows("In call")
    assert await scene.panel.shows("0:01")
    assert any(scene.panel.display.image)
    scene.panel.press("5A")
    assert await scene.panel.shows("A opens microphone")
    assert scene.client.current_call is not None
    assert scene.client.current_call.muted
    await until(
        lambda: any(isinstance(event, events.DtmfReceived) and event.digit == "5" for event in scene.heard),
        lambda: f"digit 5, not {scene.heard}",
    )
    scene.panel.press("B")
    assert await scene.panel.shows("On hold")
    scene.panel.press("B")
    assert await scene.panel.shows("A opens microphone")
    scene.panel.replace()
    await scene.reaches(Phase.IDLE)
    await scene.other_rests()
    assert not scene.client.calls


async def test_an_incoming_call_is_answered_by_lifting_and_ended_by_the_caller(scene: Scene) -> None:
    await scene.other.call("100")
    assert await scene.panel.shows("Incoming call")
    assert scene.panel.says("101")
    scene.panel.lift()
    assert await scene.panel.shows("In call")
    scene.other.hang_up()
    assert await scene.panel.shows("Call ended")
    scene.panel.replace()
    await scene.reaches(Phase.IDLE)


async def test_a_call_that_is_not_answered_was_missed(scene: Scene) -> None:
    await scene.other.call("100")
    assert await scene.panel.shows("Incoming call")
    scene.other.hang_up()
    assert await scene.panel.shows("Missed 1: 101")


async def test_c_rejects(scene: Scene) -> None:
    await scene.other.call("100")
    assert await scene.panel.shows("Incoming call")
    scene.panel.press("C")
    await scene.reaches(Phase.IDLE)
    await scene.other_rests()
    assert any(isinstance(event, events.CallFailed) and event.status == 486 for event in scene.heard)


async def test_busy_and_then_redial(scene: Scene) -> None:
    scene.panel.lift()
    scene.panel.press("101")
    await scene.rings()
    scene.other.reject()
    assert await scene.panel.shows("Busy")
    scene.panel.press("D")
    await scene.rings()
    await scene.other.answer()
    assert await scene.panel.shows("In call")
    scene.panel.replace()
    await scene.other_rests()


async def test_a_number_that_does_not_exist(scene: Scene) -> None:
    scene.panel.press("199")
    scene.panel.lift()
    assert await scene.panel.shows("Number not found")
    scene.panel.replace()
    await scene.reaches(Phase.IDLE)


async def test_hanging_up_while_it_rings(scene: Scene) -> None:
    scene.panel.lift()
    scene.panel.press("101")
    await scene.rings()
    scene.panel.replace()
    await scene.reaches(Phase.IDLE)
    await scene.other_rests()


async def test_a_call_abandoned_at_once_does_not_stand_in_the_way_of_the_next(scene: Scene) -> None:
    for _ in range(3):
        scene.panel.lift()
        scene.panel.press("101")
        scene.panel.replace()
    scene.panel.lift()
    scene.panel.press("101")
    await scene.rings()
    await scene.other.answer()
    assert await scene.panel.shows("In call")
    scene.panel.replace()
    await scene.other_rests()
    await until(lambda: not scene.client.calls, lambda: f"no call, not {scene.client.calls}")


async def test_a_second_caller_is_busy(scene: Scene) -> None:
    scene.panel.lift()
    await scene.reaches(Phase.DIAL_TONE)
    await scene.other.call("100")
    await scene.other_rests()
    assert any(isinstance(event, events.CallFailed) and event.status == 486 for event in scene.heard)
    assert scene.phone.state.phase is Phase.DIAL_TONE


async def talking(scene: Scene) -> None:
    """In a call with 101."""
    scene.panel.lift()
    scene.panel.press("101")
    await scene.rings()
    await scene.other.answer()
    assert await scene.panel.shows("In call")


async def test_a_call_waits_is_taken_and_swapped_with(scene: Scene) -> None:
    await talking(scene)
    await scene.third.call("100")
    assert await scene.panel.shows("Calls too: 102")
    scene.panel.press("B")
    assert await scene.panel.shows("On hold: 101")
    first = scene.other.current_call
    assert first is not None
    await until(lambda: first.remote_held, lambda: "101 held")
    scene.panel.press("B")
    assert await scene.panel.shows("On hold: 102")
    await until(lambda: not first.remote_held, lambda: "101 resumed")
    await scene.reaches(Phase.IN_CALL)
    scene.other.hang_up()
    await scene.reaches(Phase.ON_HOLD)
    scene.panel.press("B")
    await scene.reaches(Phase.IN_CALL)
    scene.panel.replace()
    await until(lambda: not scene.third.calls, lambda: "no call")


async def test_a_flash_holds_and_calls_somebody_else_and_goes_back(scene: Scene) -> None:
    await talking(scene)
    scene.panel.replace()
    await asyncio.sleep(0.2)
    scene.panel.lift()
    assert await scene.panel.shows("Dial a number")
    scene.panel.press("102")
    await until(lambda: bool(scene.third.incoming_calls), lambda: "102 called")
    await scene.third.answer()
    assert await scene.panel.shows("On hold: 101")
    scene.panel.push("flash")
    scene.panel.press("1")
    await until(lambda: not scene.third.calls, lambda: "102 left")
    await scene.reaches(Phase.IN_CALL)
    assert scene.panel.says("101")
    scene.panel.replace()
    await scene.other_rests()


async def consulting(scene: Scene) -> None:
    """102 is talked with, 101 is held."""
    await talking(scene)
    scene.panel.push("flash")
    assert await scene.panel.shows("Dial a number")
    scene.panel.press("102")
    await until(lambda: bool(scene.third.incoming_calls), lambda: "102 called")
    await scene.third.answer()
    assert await scene.panel.shows("On hold: 101")


async def test_two_others_are_connected_with_each_other(scene: Scene) -> None:
    await consulting(scene)
    scene.panel.press("D")
    await until(lambda: not scene.client.calls, lambda: f"no call of ours, not {scene.client.calls}")
    assert await scene.panel.shows("Call ended")
    for other in (scene.other, scene.third):
        assert other.current_call is not None
        assert other.current_call.answered
    scene.panel.replace()
    await scene.reaches(Phase.IDLE)


async def test_three_talk_together(scene: Scene) -> None:
    await consulting(scene)
    scene.panel.push("flash")
    scene.panel.press("3")
    assert await scene.panel.shows("Conference")
    scene.other.hang_up()
    assert await scene.panel.shows("In call")
    assert scene.panel.says("102")
    scene.panel.replace()
    await until(lambda: not scene.third.calls, lambda: "no call")


async def test_do_not_disturb_turns_calls_away(scene: Scene) -> None:
    scene.panel.press("A")
    assert await scene.panel.shows("Do not disturb")
    call = await scene.other.call("100")
    assert not await call.wait_answered()
    assert scene.phone.state.phase is Phase.IDLE
    scene.panel.press("A")
    assert await scene.panel.shows("Lift or dial")


async def test_an_emergency_number_is_called_whatever_there_is(scene: Scene) -> None:
    await talking(scene)
    await scene.third.call("100")
    assert await scene.panel.shows("Calls too")
    scene.panel.press("C")
    scene.panel.push("flash")
    assert await scene.panel.shows("Dial a number")
    scene.panel.press("112")
    await scene.other_rests()
    assert await scene.panel.shows("Number not found"), "nobody has it here"
    attempts = scene.phone.state.attempt
    await until(lambda: scene.phone.state.attempt > attempts, lambda: "another attempt")
    scene.panel.replace()
    await scene.reaches(Phase.IDLE)


async def test_logging_out_is_shown(scene: Scene) -> None:
    await scene.client.logout()
    assert await scene.panel.shows("Not connected")
    scene.panel.lift()
    assert await scene.panel.shows("Check network cable")


async def test_reports_of_other_threads_arrive_in_order_and_are_bounded(scene: Scene) -> None:
    """A loop that is held up loses keys, and never the position of the handset."""

    def fingers() -> None:
        for key in "4711" + "0" * 10 * WAITING:
            scene.panel.keypad.press(key)
        scene.panel.lift()

    thread = threading.Thread(target=fingers)
    thread.start()
    thread.join()  # the loop does nothing meanwhile
    await until(lambda: scene.phone.state.hook.off_hook is True, lambda: "off-hook")
    assert scene.phone.state.phase is Phase.DIAL_TONE, "what was typed before gave way"
    scene.panel.replace()
    await scene.reaches(Phase.IDLE)
    thread = threading.Thread(target=scene.panel.press, args=("4711",))
    thread.start()
    thread.join()
    assert await scene.panel.shows("4711")


async def test_a_call_from_an_allowed_caller_is_answered_hands_free() -> None:
    services = ServiceSettings(auto_answer=AutoAnswer(callers=("101",), always=True))
    async with AsyncExitStack() as stack:
        registrar = await stack.enter_async_context(Registrar(USERS))
        settings = ClientSettings(registrars=registrar.url, domain=registrar.domain, services=services)
        ours = await stack.enter_async_context(Client(settings, audio=WavAudio()))
        other = await stack.enter_async_context(client(registrar))
        panel = ScriptPanel()
        phone = PhoneController(ours, SETTINGS, panel.parts)
        phone.screens.subscribe(panel.screen_changed)
        await stack.enter_async_context(phone)
        await ours.login("100", "one")
        await other.login("101", "two")
        call = await other.call("100")
        assert await call.wait_answered()
        assert await panel.shows("In call")
        assert phone.state.hook.hands_free
        call.hang_up()
        await until(lambda: phone.state.phase is Phase.IDLE, lambda: f"idle, not {phone.state.phase}")
