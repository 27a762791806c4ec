"""What goes over the wire, for whoever wants to see all of it: messages without secrets, and without bodies but SDP's.

What people dial in a call, or write, is theirs; a description tells how sound travels.
"""

import logging
from typing import Final

from appliance.config.redaction import redacted
from appliance.sip.message import SDP

ALL: Final = 5
"""The level of these lines, below DEBUG."""

log = logging.getLogger(__name__)


def sent(data: bytes) -> None:
    """A message of ours."""
    if log.isEnabledFor(ALL):
        log.log(ALL, "sent\n%s", shown(data))


def received(data: bytes) -> None:
    """A message of a peer's."""
    if log.isEnabledFor(ALL):
        log.log(ALL, "received\n%s", shown(data))


def shown(data: bytes) -> str:
    """A message as it may be shown."""
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode(errors="replace").replace("\r\n", "\n")
    if not text.strip():
        return "a keepalive"
    if body and f"content-type: {SDP}" in text.lower():
        text = f"{text}\n\n{body.decode(errors='replace')}".replace("\r\n", "\n").rstrip()
    elif body:
        text = f"{text}\n\n({len(body)} bytes)"
    return redacted(text)
