"""[I/O] What ICE has received and DTLS has not yet read."""

import asyncio
from collections.abc import Callable
from typing import Final

_INBOX: Final = 256
"""Datagrams that wait for the loop: five seconds of audio. The oldest is dropped."""


_LARGEST: Final = 1500
"""Octets of a datagram of media: libsrtp's buffer, and more than any path carries whole."""


class Inbox(asyncio.Queue["tuple[bytes, int] | None"]):
    """Bounded. Media is dropped until keys exist, and once DTLS is through it doesn't wait here."""

    def __init__(self) -> None:
        super().__init__()
        self.keyed = False
        self.media: Callable[[bytes], None] | None = None
        """Takes media in place of the queue, whose reader would need another turn of the loop for each packet."""

    def put_nowait(self, item: tuple[bytes, int] | None) -> None:
        """Take a datagram and its component; None says that no more will come."""
        if item is not None:
            data = item[0]
            if not data:
                return
            if data[0] > 127:
                if not self.keyed or len(data) > _LARGEST:
                    return
                if self.media is not None:
                    self.media(data)
                    return
            if self.qsize() >= _INBOX:
                self.get_nowait()
        super().put_nowait(item)
