"""How the benchmark says what it measured: tables, the machine they were made on, and README.md, which keeps them."""

import os
import platform
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from appliance.media.opus import version as opus_version

README: Final = Path(__file__).with_name("README.md")


def say(text: str) -> None:
    """Tell whoever waits how far it is."""
    print(text, file=sys.stderr, flush=True)


def rendered(heading: Sequence[str], table: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "".join(f"| {' | '.join(line)} |\n" for line in (heading, ["---"] * len(heading), *table))


def machine(load: float, seconds: float) -> str:
    """What it was measured on. `load` is the load average before, `seconds` how long it took."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.machine())
    versions = ", ".join(f"{name} {version(name)}" for name in ("aiortc", "aioice", "numpy"))
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} × {model}, load average {load:.1f} before the run, "
        f"which took {seconds:.0f} s; Python {platform.python_version()}, {versions}, {opus_version()}.\n"
    )


def keep(section: str, text: str) -> None:
    """Put `text` into README.md, between the marks of `section`."""
    begin, end = f"<!-- python -m tests.bench {section} -->\n", f"<!-- until here: {section} -->\n"
    before, rest = README.read_text("utf-8").split(begin)
    README.write_text(f"{before}{begin}{text}{end}{rest.split(end)[1]}", "utf-8")
