"""[I/O] What ICE has received and DTLS has not yet read."""

import asyncio
from typing import Final

_INBOX: Final = 256
"""Datagrams that wait for the loop: five seconds of audio. The oldest is dropped."""


class Inbox(asyncio.Queue["tuple[bytes, int] | None"]):
    """Bounded. Until keys exist, media is dropped at once."""

    def __init__(self) -> None:
        super().__init__()
        self.keyed = False

    def put_nowait(self, item: tuple[bytes, int] | None) -> None:
        """Take a datagram and its component; None says that no more will come."""
        if item is not None:
            data = item[0]
            if not data or (data[0] > 127 and not self.keyed):
                return
            if self.qsize() >= _INBOX:
                self.get_nowait()
        super().put_nowait(item)
