"""Reading the command line: one clear sentence for whatever is wrong with it."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from appliance.cli.exit_codes import ExitCode

T = TypeVar("T")


class Parser(argparse.ArgumentParser):
    """argparse without its page of usage for every slip of a finger."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read more, and end with exit status 2."""
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def checked(convert: Callable[[str], T], allowed: str) -> Callable[[str], T]:
    """A converter for `add_argument(type=…)` whose message says what is allowed."""

    def converter(text: str) -> T:
        try:
            return convert(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} can't be used: allowed is {allowed}") from None

    return converter


def positive_seconds(text: str) -> float:
    """A number of seconds above zero, at most a day. Raises `ValueError`."""
    value = float(text)
    if not 0.0 < value <= 86_400.0:
        raise ValueError(text)
    return value


def positive_count(text: str) -> int:
    """A whole number from 1. Raises `ValueError`."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def header_pair(text: str) -> tuple[str, str]:
    """`Name=value`. Raises `ValueError`."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(text)
    return name, value


def existing_file(text: str) -> Path:
    """The path of a file that is there and can be read. Raises `ArgumentTypeError` that says why not."""
    path = Path(text)
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror}") from None


def writable_file(text: str) -> Path:
    """The path of a file that can be written. Raises `ArgumentTypeError` that says why not."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text}: is a folder")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text}: there is no folder {path.parent}")
    return path


def complain(program: str, sentence: str) -> None:
    """A sentence on standard error, after the program's name."""
    sys.stderr.write(f"{program}: {sentence}\n")
