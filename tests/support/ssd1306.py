"""The chip of a display as a bus sees it: it takes the bytes that `smbus2` would send, and has pixels.

Commands and their arguments: Solomon Systech SSD1306 Rev 1.1 §9, §10.
"""

import errno
import threading
from collections.abc import Sequence
from typing import Final

_ARGUMENTS: Final = {0x20: 1, 0x21: 2, 0x22: 2, 0x81: 1, 0x8D: 1, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}


class Ssd1306:
    """A bus with one display of 128×64 on it, at `address`; it can be unplugged. Fit for luma's `i2c(bus=…)`."""

    def __init__(self, address: int = 0x3C) -> None:
        self._address = address
        self._memory = bytearray(1024)
        self._lock = threading.Lock()
        self._at = 0
        self.plugged = True
        self.slow = threading.Event()
        """Set while the bus is not held up."""
        self.slow.set()
        self._power_on()

    def _power_on(self) -> None:
        self.on = False
        self.pump = False
        self.frames = 0
        """Whole images received since it was plugged in."""

    def unplug(self) -> None:
        """Take it off the bus, and its power."""
        with self._lock:
            self.plugged = False
            self._power_on()

    def plug(self) -> None:
        """Put it back, with noise in its memory."""
        with self._lock:
            self._memory[:] = b"\xa5" * 1024
            self.plugged = True

    @property
    def picture(self) -> bytes:
        """What can be seen: 64 rows of 16 bytes, most significant bit leftmost."""
        with self._lock:
            if not (self.plugged and self.on and self.pump):
                return bytes(1024)
            rows = bytearray(1024)
            for page in range(8):
                for column in range(128):
                    for bit in range(8):
                        if self._memory[page * 128 + column] >> bit & 1:
                            rows[(page * 8 + bit) * 16 + column // 8] |= 0x80 >> column % 8
            return bytes(rows)

    def write_i2c_block_data(self, address: int, register: int, data: Sequence[int]) -> None:
        """The one method of a bus that luma uses."""
        self.slow.wait(20.0)
        with self._lock:
            if address != self._address or not self.plugged:
                raise OSError(errno.EREMOTEIO, "Remote I/O error")
            if register == 0x40:
                self._store(bytes(data))
            else:
                self._obey(list(data))

    def _store(self, data: bytes) -> None:
        for value in data:
            self._memory[self._at] = value
            self._at = (self._at + 1) % 1024
            self.frames += self._at == 0

    def _obey(self, data: list[int]) -> None:
        while data:
            command = data.pop(0)
            arguments = [data.pop(0) for _ in range(_ARGUMENTS.get(command, 0))]
            match command:
                case 0x21 | 0x22:
                    assert arguments == ([0, 127] if command == 0x21 else [0, 7])
                    self._at = 0
                case 0x8D:
                    self.pump = arguments == [0x14]
                case 0xAE | 0xAF:
                    self.on = command == 0xAF
