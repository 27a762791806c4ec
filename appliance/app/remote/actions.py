"""Commands by their names: what is in the way of each, and how it is done."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.mqtt.command_desk import Obstacle, Outcome
from appliance.mqtt.command_payloads import Refusal
from appliance.mqtt.commands import Request

Tell = Callable[[str], None]
"""Says what happens while a command is done."""


@dataclass(frozen=True, slots=True)
class Action:
    """One command."""

    do: Callable[[Any, Tell], Coroutine[Any, Any, Outcome]]
    """Takes the command's own fields."""
    obstacle: Callable[[Any], Obstacle | None] = lambda _: None


class UnitActions:
    """The `Actions` of a unit. What it has nothing for is refused."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = actions

    def obstacle(self, request: Request) -> Obstacle | None:
        """What is in the way at this moment."""
        action = self._actions.get(request.name)
        if action is None:
            return unavailable(f"this unit has nothing for {request.name}")
        return action.obstacle(request.arguments)

    async def do(self, request: Request, tell: Tell) -> Outcome:
        """Do it."""
        return await self._actions[request.name].do(request.arguments, tell)


def unavailable(detail: str) -> Obstacle:
    """There is nothing that could do it."""
    return Obstacle(reason=Refusal.UNAVAILABLE, detail=detail)


def busy(detail: str) -> Obstacle:
    """Not now."""
    return Obstacle(reason=Refusal.BUSY, detail=detail)
