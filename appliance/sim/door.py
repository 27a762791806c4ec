"""A door that opens in memory."""

from collections.abc import Callable

from appliance.errors import DriverError, UsageError


class SimulatedDoor:
    """A `Door`: notes each time it was released. `stuck` is why it can't be, "" if it can."""

    def __init__(self, *names: str, opened: Callable[[str], object] | None = None) -> None:
        self.released: list[str] = []
        """The names, in order."""
        self.stuck = ""
        self._names = names or ("door",)
        self._opened = opened

    async def open(self, name: str) -> None:
        """Release one of its doors."""
        if not name and len(self._names) == 1:
            name = self._names[0]
        if name not in self._names:
            raise UsageError(f"door {name!r}: there is {', '.join(self._names)}")
        if self.stuck:
            raise DriverError(f"door {name}: {self.stuck}")
        self.released.append(name)
        if self._opened is not None:
            self._opened(name)
