"""What one real unit's service costs while nobody calls: registered, on its broker, without a panel or sound card."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from pathlib import Path
from typing import Final

import psutil

from appliance.app.fleet.broker import FleetBroker
from appliance.sim.registrar import Registrar
from tests.bench.fleet_watch import Watch
from tests.bench.report import rendered, say

_DEPLOY: Final = Path(__file__).parents[2] / "deploy" / "broker"
_SETTLE: Final = 20.0  # seconds
_MEASURED: Final = 60.0
_NAME: Final = "bench/desk"
_CONFIGURATION: Final = """\
[unit]
site = "bench"
name = "desk"
[line]
registrars = ["{registrar}"]
user = "201"
password = "word"
domain = "bench.test"
[audio]
driver = "none"
[panel]
driver = "none"
[broker]
host = "{host}"
port = {port}
tls = true
ca_file = "{root}"
certificate_file = "{certificate}"
key_file = "{key}"
"""


async def measured() -> str:
    """A table of one row for each figure."""
    say("fleet: one real service")
    with tempfile.TemporaryDirectory(prefix="bench-unit-") as folder:
        async with (
            FleetBroker(Path(folder), _DEPLOY) as broker,
            Registrar({"201": "word"}, domain="bench.test") as registrar,
        ):
            files = broker.certificates.certify_unit(_NAME)
            file = Path(folder) / "unit.toml"
            text = _CONFIGURATION.format(
                registrar=registrar.url,
                host=broker.host,
                port=broker.port,
                root=broker.certificates.root,
                certificate=files.certificate,
                key=files.key,
            )
            await asyncio.to_thread(file.write_text, text)
            with Watch(broker) as watch:
                memory, cpu = await _cost(file, watch)
    rows = [["memory in use (RSS)", f"{memory:.0f} MB"], ["of a core", f"{100 * cpu:.1f} %"]]
    return rendered(["one unit's service, idle", ""], rows)


async def _cost(file: Path, watch: Watch) -> tuple[float, float]:
    """MB, and the share of a core."""
    command = [sys.executable, "-m", "appliance.cli.main", "run", "--config", str(file)]
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL, env={**os.environ})
    try:
        async with asyncio.timeout(60):
            while _NAME not in watch.online:  # noqa: ASYNC110 -- the watch has a thread of its own
                await asyncio.sleep(0.1)
        await asyncio.sleep(_SETTLE)
        seen = psutil.Process(process.pid)
        before = sum(seen.cpu_times()[:2])
        await asyncio.sleep(_MEASURED)
        return seen.memory_info().rss / 1e6, (sum(seen.cpu_times()[:2]) - before) / _MEASURED
    finally:
        process.terminate()
        await process.wait()
