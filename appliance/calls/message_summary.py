"""The body of a message-waiting NOTIFY: `application/simple-message-summary` (RFC 3842 §5)."""

import re
from dataclasses import dataclass
from typing import Final, Self

PACKAGE: Final = "message-summary"
CONTENT_TYPE: Final = "application/simple-message-summary"

_MAX: Final = 8_192
_VOICE: Final = re.compile(r"(\d{1,6})\s*/\s*(\d{1,6})(?:\s*\(\s*(\d{1,6})\s*/\s*(\d{1,6})\s*\))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSummary:
    """Whether messages wait, in whose mailbox (a URI, "" if not said), and how many voice messages there are."""

    waiting: bool
    account: str = ""
    new: int = 0
    old: int = 0
    urgent_new: int = 0
    urgent_old: int = 0

    @classmethod
    def parse(cls, body: bytes) -> Self | None:
        """Read a body; None if it does not say whether messages wait."""
        fields: dict[str, str] = {}
        for line in body[:_MAX].decode(errors="replace").splitlines():
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        waiting = fields.get("messages-waiting", "").lower()
        if waiting not in ("yes", "no"):
            return None
        counts = _VOICE.match(fields.get("voice-message", ""))
        new, old, urgent_new, urgent_old = (int(count or 0) for count in counts.groups()) if counts else (0, 0, 0, 0)
        return cls(
            waiting=waiting == "yes",
            account=fields.get("message-account", ""),
            new=new,
            old=old,
            urgent_new=urgent_new,
            urgent_old=urgent_old,
        )
