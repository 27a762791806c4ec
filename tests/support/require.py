"""What a test needs of the machine: found, or said."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def require(*programs: str, package: str) -> Path:
    """The path of the first of `programs` that is installed.

    A missing peer fails the test where the environment says CI, because there it hides a check that nobody runs;
    elsewhere it skips. Both name the Debian package(s) to install.
    """
    # Daemons live in sbin, which is not on everybody's PATH.
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin"
    found = next(filter(None, (shutil.which(program, path=path) for program in programs)), None)
    if found is None:
        missing(f"{' or '.join(programs)} not found: apt-get install {package}")
    return Path(found)


def missing(reason: str) -> NoReturn:
    """Fail in CI, skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
