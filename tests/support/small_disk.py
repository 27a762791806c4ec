"""A disk that is really full, and then is not: a file system of its own in memory."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support.require import missing, require


class SmallDisk:
    """A folder that holds `octets`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no octet free."""
        with self._filler.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(b"\0" * 4096)

    def free(self) -> None:
        """Undo `fill()`."""
        self._filler.unlink()


@contextlib.contextmanager
def small_disk(folder: Path, *, octets: int = 1024 * 1024) -> Iterator[SmallDisk]:
    """Mounted while it is entered. Needs root."""
    if os.geteuid():
        missing("a disk of its own has to be mounted, which needs root")
    folder.mkdir()
    mount = require("mount", package="mount")
    subprocess.run([mount, "-t", "tmpfs", "-o", f"size={octets}", "tmpfs", str(folder)], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run([require("umount", package="mount"), str(folder)], check=True)
