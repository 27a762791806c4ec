"""From the wish to call to the INVITE on the wire, with a STUN server that never answers: cold, and prepared."""

import asyncio
import socket
import time
from pathlib import Path

from appliance.media.settings import MediaSettings
from appliance.units import Seconds
from tests.flows.phones import Phone, exchange
from tests.support.ports import LOOPBACK


async def test_a_prepared_call_does_not_wait_for_servers(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as black_hole:
        black_hole.bind((LOOPBACK, 0))
        silent = f"stun:{LOOPBACK}:{black_hole.getsockname()[1]}"
        media = MediaSettings(loopback=True, stun=(silent,), gathering=Seconds(2.0))
        async with (
            exchange("embedded") as place,
            Phone(tmp_path, "alice", 440.0, media=media, **place) as alice,
            Phone(tmp_path, "bob", 1000.0, media=media, **place) as bob,
        ):
            await alice.login()
            await bob.login()
            took = {}
            for count, how in enumerate(("cold", "prepared"), start=1):
                if how == "prepared":
                    alice.client.prepare()
                    await asyncio.sleep(2.5)
                began = time.monotonic()
                call = await alice.client.call("bob")
                took[how] = 1000.0 * (time.monotonic() - began)
                rung = await bob.rung(count=count)
                await asyncio.sleep(2.5)  # while it rings, the called side gathers
                began = time.monotonic()
                assert await rung.answer()
                assert await call.wait_answered()
                took[f"{how}, answered"] = 1000.0 * (time.monotonic() - began)
                call.hang_up()
                await rung.wait_ended()
    print(", ".join(f"{how}: {milliseconds:.0f} ms" for how, milliseconds in took.items()))
    assert 1_900.0 < took["cold"] < 10_000.0
    assert took["prepared"] < 500.0
    assert took["cold, answered"] < 1_000.0
