"""A message inside a call: what may be said, and how a MESSAGE carries it (RFC 3428).

The content is the body. Two headers say the rest: `X-Message-Type`, and `X-Voice-Event-Sid`, the name by which both
ends know the message.
"""

import json
import re
from dataclasses import dataclass
from typing import Final, Self

from appliance.calls.headers import first
from appliance.errors import UsageError
from appliance.sip.events import HeaderPairs

JSON: Final = "application/json"
MAX_CONTENT: Final = 16_384
"""Bytes of one message."""
MAX_TYPE: Final = 64

_CONTENT_TYPE: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=[\w.-]+)*", re.ASCII)
_MESSAGE_TYPE: Final = re.compile(r"[A-Za-z0-9_.:-]+")
_SID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
_TYPE_HEADER, _SID_HEADER = "X-Message-Type", "X-Voice-Event-Sid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`content` as text; `voice_event_sid` is "KX" and 32 hexadecimal digits, or what the far end calls it."""

    content: str
    content_type: str
    message_type: str
    voice_event_sid: str

    @classmethod
    def composed(cls, content: object, content_type: object, message_type: object, sid: str) -> Self:
        """A message to send. Raises `UsageError` that names what is wrong with it."""
        if not isinstance(content_type, str) or _CONTENT_TYPE.fullmatch(content_type) is None:
            raise UsageError(f"content_type: {content_type!r} is not of the form type/subtype")
        if not isinstance(message_type, str) or _MESSAGE_TYPE.fullmatch(message_type) is None:
            raise UsageError(f"message_type: {message_type!r}: letters, digits and _ . : - are allowed, at least one")
        if len(message_type) > MAX_TYPE:
            raise UsageError(f"message_type: {len(message_type)} characters, {MAX_TYPE} are allowed")
        text = _text(content, content_type)
        if not text:
            raise UsageError("content: it is empty")
        if (size := len(text.encode())) > MAX_CONTENT:
            raise UsageError(f"content: {size} bytes, {MAX_CONTENT} are allowed")
        return cls(content=text, content_type=content_type, message_type=message_type, voice_event_sid=sid)

    @classmethod
    def received(cls, headers: HeaderPairs, content_type: str, body: bytes, sid: str) -> Self | None:
        """What a peer's MESSAGE says, named `sid` if it has no name; None if it is no text, or has no end."""
        try:
            content = body.decode()
        except UnicodeDecodeError:
            return None
        if not content or len(body) > MAX_CONTENT or _CONTENT_TYPE.fullmatch(content_type.strip()) is None:
            return None
        kind, name = (first(headers, _TYPE_HEADER) or "").strip(), (first(headers, _SID_HEADER) or "").strip()
        return cls(
            content=content,
            content_type=content_type.strip(),
            message_type=kind if _MESSAGE_TYPE.fullmatch(kind) and len(kind) <= MAX_TYPE else "",
            voice_event_sid=name if _SID.fullmatch(name) else sid,
        )

    @property
    def headers(self) -> HeaderPairs:
        """What a MESSAGE says of it beside the body."""
        return (_TYPE_HEADER, self.message_type), (_SID_HEADER, self.voice_event_sid)


def _text(content: object, content_type: str) -> str:
    is_json = content_type.partition(";")[0].strip().lower() == JSON
    if isinstance(content, str):
        if is_json:
            _check_json(content)
        return content
    if content is None or not is_json:
        raise UsageError(f"content: {type(content).__name__} can't be sent as {content_type}: text is needed")
    try:
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise UsageError(f"content: it is no JSON: {error}") from error


def _check_json(content: str) -> None:
    try:
        json.loads(content)
    except ValueError as error:
        raise UsageError(f"content: it is no JSON: {error}; other text needs another content_type") from error
