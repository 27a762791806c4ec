"""What somebody far away wants this telephone to show, while nobody uses it."""

from dataclasses import dataclass, replace

from appliance.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """A text for the idle screen, and whether the telephone says which one it is; each with its end."""

    text: str = ""
    text_until: Seconds = Seconds(0.0)
    identify_until: Seconds = Seconds(0.0)
    """0 if it is not asked for."""

    def shown(self, text: str, now: Seconds, seconds: Seconds) -> "Notices":
        """With another text; "" takes it away."""
        return replace(self, text=text, text_until=Seconds(now + seconds if text else 0.0))

    def identified(self, now: Seconds, seconds: Seconds) -> "Notices":
        """Saying which telephone it is, for so long."""
        return replace(self, identify_until=Seconds(now + seconds))

    def found(self) -> "Notices":
        """Not saying any more which telephone it is."""
        return replace(self, identify_until=Seconds(0.0)) if self.identifying else self

    def at(self, now: Seconds) -> "Notices":
        """Without what is over; the same object if nothing is."""
        after = self
        if after.text and now >= after.text_until:
            after = replace(after, text="", text_until=Seconds(0.0))
        if after.identify_until and now >= after.identify_until:
            after = replace(after, identify_until=Seconds(0.0))
        return after

    @property
    def identifying(self) -> bool:
        """The telephone says which one it is."""
        return bool(self.identify_until)

    @property
    def deadline(self) -> Seconds | None:
        """When the first of them ends."""
        return min((moment for moment in (self.text_until, self.identify_until) if moment), default=None)
