"""Two people who read: speech by espeak-ng, the same each time."""

import subprocess
from functools import cache
from io import BytesIO
from wave import open as open_wave

import numpy as np
import soxr

from tests.support.require import require
from tests.support.tones import RATE, Samples

PACKAGE = "espeak-ng"

FABLE = """The north wind and the sun were disputing which was the stronger, when a traveller came along wrapped in a
warm cloak. They agreed that the one who first succeeded in making the traveller take his cloak off should be considered
stronger than the other. Then the north wind blew as hard as he could, but the more he blew the more closely did the
traveller fold his cloak around him; and at last the north wind gave up the attempt."""
"""Aesop's, as the International Phonetic Association has it read in every language."""

LIST = """Please bring these things with you from the store: six spoons of fresh snow peas, five thick slabs of blue
cheese, and maybe a snack for your brother. We also need a small plastic snake and a big toy frog for the children."""


@cache
def man() -> Samples:
    """Some 22 s of 48 kHz."""
    return _read(FABLE, "en-us", 150)


@cache
def woman() -> Samples:
    """Some 12 s of 48 kHz."""
    return _read(LIST, "en-gb+f3", 160)


def _read(text: str, voice: str, words_a_minute: int) -> Samples:
    program = require("espeak-ng", package=PACKAGE)
    command = [str(program), "-v", voice, "-s", str(words_a_minute), "--stdout", text]
    done = subprocess.run(command, capture_output=True, check=True)
    with open_wave(BytesIO(done.stdout)) as file:
        rate = file.getframerate()
    # Of a stream, the header's length is a guess: what is there counts.
    said = np.frombuffer(done.stdout[44 : 44 + len(done.stdout[44:]) // 2 * 2], dtype=np.int16)
    spoken: Samples = np.rint(soxr.resample(said.astype(np.float64), rate, RATE)).astype(np.int16)
    return spoken
