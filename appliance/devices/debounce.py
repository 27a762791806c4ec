"""What a contact says, once it has stopped bouncing. Pure."""


class Integrator:
    """Counts up while a contact is closed and down while it is open, and only believes what reaches an end.

    A single wrong reading costs one count and never tips a contact that has settled (K. Kuhn's debouncer).

    Args:
        top: readings, at least 1, that have to outweigh the others until a change is believed.
        closed: how the contact is taken to be at first.
    """

    def __init__(self, top: int, *, closed: bool = False) -> None:
        self._top = top
        self._count = top if closed else 0
        self.closed = closed
        """What is believed."""

    @property
    def settled(self) -> bool:
        """Whether the last readings all agreed with what is believed."""
        return self._count == (self._top if self.closed else 0)

    def read(self, closed: bool) -> bool:
        """Take a reading; whether it changed what is believed."""
        self._count = min(self._top, self._count + 1) if closed else max(0, self._count - 1)
        if self._count == (0 if self.closed else self._top):
            self.closed = not self.closed
            return True
        return False

    def doubt(self) -> None:
        """Forget readings that are not believed yet."""
        self._count = self._top if self.closed else 0
