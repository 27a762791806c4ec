"""Many calls of one process with JsSIP, through Kamailio: the last leaves no more behind than the tenth.

ICE is restarted in every fifth, and each is written down while it lasts.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Browser, JsSipPeer
from tests.support.kamailio import Kamailio

WARM_UP = 10
GROWTH = 20 * 1024  # bytes a call


async def _serve(phone: asyncio.subprocess.Process, bob: JsSipPeer, domain: str) -> list[dict[str, Any]]:
    """Do what the phone asks of Bob until it has said what it found."""
    assert phone.stdout is not None
    async for line in phone.stdout:
        match line.decode().strip():
            case "call":
                await bob.call(f"sip:alice@{domain}")
            case "hang up":
                await bob.hang_up()
            case found:
                return list(json.loads(found))
    raise AssertionError(f"the phone ended with {await phone.wait()}")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("calls", [40, pytest.param(100, marks=pytest.mark.long)])
async def test_calls_leave_nothing_behind(kamailio: Kamailio, browser: Browser, tmp_path: Path, calls: int) -> None:
    password = tmp_path / "password"
    password.write_text(kamailio.users["alice"])
    bob = await browser.peer(kamailio.wss_url, kamailio.domain, "bob", kamailio.users["bob"], on_call="answer")
    await bob.wait("registered")
    # The phone is a process of its own: a browser's remote control would be counted with it.
    arguments = [kamailio.wss_url, kamailio.domain, str(kamailio.ca_file), "alice", str(password)]
    phone = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.busy_phone",
        *arguments,
        str(WARM_UP),
        str(calls),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        before, after = await _serve(phone, bob, kamailio.domain)
        assert await phone.wait() == 0
    finally:
        if phone.returncode is None:
            phone.kill()
            await phone.wait()
    growth = (after.pop("memory") - before.pop("memory")) / calls
    print(f"memory grew by {growth / 1024:.1f} KiB a call")
    assert before == after
    assert growth < GROWTH
