"""[I/O] An access token in a file that somebody else keeps fresh."""

import asyncio
from pathlib import Path

from appliance.calls.token_source import TokenGenerator
from appliance.config.table import read_secret


def tokens_of(file: Path) -> TokenGenerator:
    """A generator that reads the first line of `file` each time; it raises `OSError` or `ValueError` for none."""

    async def generate() -> str:
        return (await asyncio.to_thread(read_secret, file)).reveal()

    return generate
