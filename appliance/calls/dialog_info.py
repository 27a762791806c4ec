"""What others do on their telephones: `application/dialog-info+xml` (RFC 4235), read and written."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from xml.sax.saxutils import quoteattr

PACKAGE: Final = "dialog"
CONTENT_TYPE: Final = "application/dialog-info+xml"

_NAMESPACE: Final = "urn:ietf:params:xml:ns:dialog-info"
_MAX: Final = 65_536
_MAX_DIALOGS: Final = 100
_STATES: Final = frozenset({"trying", "proceeding", "early", "confirmed", "terminated"})


class Lamp(StrEnum):
    """What a lamp beside a key shows of somebody's telephones."""

    UNKNOWN = "unknown"
    """Nothing is heard of them."""
    IDLE = "idle"
    CALLING = "calling"
    """A call of theirs is not answered yet."""
    RINGING = "ringing"
    BUSY = "busy"


_BRIGHTNESS: Final = (Lamp.UNKNOWN, Lamp.IDLE, Lamp.CALLING, Lamp.RINGING, Lamp.BUSY)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogInfo:
    """One dialog of theirs. `incoming` if somebody called them; `remote` is with whom, a URI, "" if not told."""

    state: str
    incoming: bool = False
    remote: str = ""

    @property
    def lamp(self) -> Lamp:
        """What it alone shows."""
        if self.state == "confirmed":
            return Lamp.BUSY
        if self.state == "terminated":
            return Lamp.IDLE
        return Lamp.RINGING if self.incoming else Lamp.CALLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One NOTIFY: all dialogs if `full`, else those that changed; by identifier."""

    version: int
    full: bool
    dialogs: Mapping[str, DialogInfo] = field(default_factory=dict)


def parse(body: bytes) -> Document | None:
    """Read a document; None if it is none. A document type is refused: nobody needs entities here."""
    if len(body) > _MAX or b"<!" in body:
        return None
    try:
        root = ET.fromstring(body)  # noqa: S314 -- without a document type there is nothing to expand
    except (ET.ParseError, ValueError):
        return None
    version = root.get("version", "")
    if root.tag != f"{{{_NAMESPACE}}}dialog-info" or not (
        version.isascii() and version.isdigit() and len(version) < 10
    ):
        return None
    dialogs = {}
    for element in root.findall(f"{{{_NAMESPACE}}}dialog")[:_MAX_DIALOGS]:
        state = (element.findtext(f"{{{_NAMESPACE}}}state") or "").strip().lower()
        if (name := element.get("id")) and state in _STATES:
            remote = (element.findtext(f"{{{_NAMESPACE}}}remote/{{{_NAMESPACE}}}identity") or "").strip()
            incoming = element.get("direction", "").lower() == "recipient"
            dialogs[name] = DialogInfo(state=state, incoming=incoming, remote=remote)
    return Document(version=int(version), full=root.get("state", "full") != "partial", dialogs=dialogs)


def render(entity: str, version: int, dialogs: Mapping[str, DialogInfo]) -> bytes:
    """All dialogs of `entity`, a URI, as a document. With whom they are is not told."""
    lines = [
        '<?xml version="1.0"?>',
        f'<dialog-info xmlns="{_NAMESPACE}" version="{version}" state="full" entity={quoteattr(entity)}>',
    ]
    for name, dialog in dialogs.items():
        direction = "recipient" if dialog.incoming else "initiator"
        lines.append(f'<dialog id={quoteattr(name)} direction="{direction}"><state>{dialog.state}</state></dialog>')
    return "\n".join([*lines, "</dialog-info>\n"]).encode()


class Watched:
    """What the notifiers of one user have told: each of its telephones, or one server for all."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[int, dict[str, DialogInfo]]] = {}

    def told(self, notifier: str, document: Document) -> bool:
        """Take a document in; False if one before it is missing, and all has to be asked for again (RFC 4235 §4.3)."""
        version, dialogs = self._told.get(notifier, (-1, {}))
        if document.full:
            self._told[notifier] = document.version, dict(document.dialogs)
            return True
        if document.version <= version:
            return True  # late
        self._told[notifier] = document.version, {**dialogs, **document.dialogs}
        return document.version == version + 1

    def gone(self, notifier: str) -> None:
        """A notifier tells nothing any more."""
        self._told.pop(notifier, None)

    def forget(self) -> None:
        """None of them does."""
        self._told.clear()

    @property
    def lamp(self) -> tuple[Lamp, str]:
        """What the lamp shows, the brightest of all dialogs, and with whom that one is."""
        if not self._told:
            return Lamp.UNKNOWN, ""
        return brightest(dialog for _, dialogs in self._told.values() for dialog in dialogs.values())


def brightest(dialogs: Iterable[DialogInfo]) -> tuple[Lamp, str]:
    """What several dialogs show together."""
    shown = max(dialogs, key=lambda dialog: _BRIGHTNESS.index(dialog.lamp), default=None)
    return (Lamp.IDLE, "") if shown is None or shown.lamp is Lamp.IDLE else (shown.lamp, shown.remote)
