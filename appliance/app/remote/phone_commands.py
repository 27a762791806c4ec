"""[I/O] Commands to the telephone and its calls."""

from collections.abc import Mapping

from appliance.app.remote.actions import Action, Tell, busy, unavailable
from appliance.calls.client import Client
from appliance.mqtt.command_desk import Obstacle, Outcome
from appliance.mqtt.command_payloads import Call, Dnd, HangUp, Identify, Refusal, ShowText, Volume
from appliance.phone.ports import VolumeControl
from appliance.phone.remote import RemoteControl


class PhoneCommands:
    """What is done at the telephone. A microphone is never opened by any of it: that takes a hand at the handset."""

    def __init__(self, client: Client, phone: RemoteControl, volume: VolumeControl | None) -> None:
        self._client = client
        self._phone = phone
        self._volume = volume

    @property
    def actions(self) -> Mapping[str, Action]:
        """By name."""
        actions = {
            "call": Action(self._call, self._call_obstacle),
            "hang_up": Action(self._hang_up, self._hang_up_obstacle),
            "dnd": Action(self._set_dnd),
            "show_text": Action(self._show_text),
            "identify": Action(self._identify, self._identify_obstacle),
        }
        return actions if self._volume is None else actions | {"volume": Action(self._set_volume)}

    def _call_obstacle(self, _asked: Call) -> Obstacle | None:
        if not self._client.is_registered:
            return unavailable("the unit is not registered: it can't call anybody")
        in_use = self._phone.in_use
        return busy(f"the telephone is in use: {in_use}") if in_use else None

    async def _call(self, asked: Call, tell: Tell) -> Outcome:
        tell("the telephone asks for somebody to lift the handset")
        if await self._phone.offer_call(asked.number):
            return Outcome(detail=f"{asked.number} is being called")
        return Outcome(failure=Refusal.FAILED, detail="nobody lifted the handset")

    def _hang_up_obstacle(self, _asked: HangUp) -> Obstacle | None:
        calls = self._client.current_call or self._client.incoming_calls
        return None if calls else unavailable("there is no call")

    async def _hang_up(self, _asked: HangUp, _tell: Tell) -> Outcome:
        call = self._client.current_call
        if call is not None:
            call.hang_up()
            return Outcome(result={"call_uuid": call.uuid})
        waiting = self._client.incoming_calls
        for other in waiting:
            other.reject()
        return Outcome(result={"call_uuid": waiting[0].uuid} if waiting else {})

    async def _set_dnd(self, asked: Dnd, _tell: Tell) -> Outcome:
        self._client.do_not_disturb = asked.on
        return Outcome()

    async def _show_text(self, asked: ShowText, _tell: Tell) -> Outcome:
        self._phone.show(asked.text, asked.seconds)
        return Outcome()

    def _identify_obstacle(self, _asked: Identify) -> Obstacle | None:
        return None if self._phone.idle else busy("somebody uses the telephone, and so knows where it is")

    async def _identify(self, asked: Identify, _tell: Tell) -> Outcome:
        self._phone.identify(asked.seconds)
        return Outcome()

    async def _set_volume(self, asked: Volume, _tell: Tell) -> Outcome:
        assert self._volume is not None
        self._volume.set_level(asked.level)
        return Outcome(result={"level": self._volume.level})
