"""Where a call of ours goes when the far end sends it elsewhere (RFC 3261 §8.1.3.4)."""

_MAX_WAITING = 10


class Redirection:
    """The targets of one call: those that were tried, and those that are still to be.

    `limit` is how often a call may be sent on; 0 never.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tried: set[str] = set()
        self._waiting: list[str] = []

    def began(self, target: str) -> None:
        """The call goes to `target`."""
        self._tried.add(_key(target))

    def next(self, status: int, contacts: tuple[str, ...]) -> str:
        """Where to try next after a refusal, "" if the refusal is the last word.

        Args:
            status: of the refusal; 6xx is about every place.
            contacts: the targets of a 3xx, the best first.
        """
        if status >= 600:
            return ""
        fresh = [one for one in contacts if _key(one) not in self._tried and usable(one)]
        self._waiting = [*fresh, *self._waiting][:_MAX_WAITING]
        while self._waiting and len(self._tried) <= self._limit:
            target = self._waiting.pop(0)
            if _key(target) not in self._tried:
                self.began(target)
                return target
        return ""


def usable(uri: str) -> bool:
    """Whether a far end may send us there: a SIP URI."""
    return uri.lower().startswith(("sip:", "sips:"))


def _key(uri: str) -> str:
    """A URI without its parameters and headers, for comparing (RFC 3261 §19.1.4, as far as a loop needs it)."""
    return uri.partition(";")[0].partition("?")[0].lower()
