"""`intercom fleet demo`, as `make fleet-demo` starts it."""

import asyncio
import re
import signal
import urllib.request
from pathlib import Path

from tests.flows.commands import finish, intercom, line, start
from tests.support.require import require

DEPLOY = Path(__file__).parents[2] / "deploy" / "broker"


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return bytes(answer.read())


async def test_one_command_has_a_dashboard_with_units(tmp_path: Path) -> None:
    require("mosquitto", package="mosquitto")
    (tmp_path / "index.html").write_text("<!doctype html><title>the page</title>")
    demo = await start("fleet", "demo", "--units", "5", "--broker", str(DEPLOY), "--page", str(tmp_path))
    address = re.search(r"http://\S+", await line(demo, "The dashboard of 5 units"))
    assert address is not None
    for account in ("dashboard", "operator", "doorkeeper"):
        await line(demo, account)
    await line(demo, "Ctrl-C")
    assert b"the page" in await asyncio.to_thread(fetched, address[0])
    demo.send_signal(signal.SIGINT)
    result = await finish(demo)
    assert (result.code, result.errors) == (0, "")


async def test_what_is_missing_is_said(tmp_path: Path) -> None:
    result = await intercom("fleet", "demo", "--page", str(tmp_path), "--broker", str(DEPLOY))
    assert result.code == 2
    assert result.errors == f"intercom fleet demo: there is no {tmp_path}/index.html: make dashboard\n"
