"""What the kernel says of addresses: its own words, and damaged ones."""

import asyncio
import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls.address_watch import AddressWatch
from appliance.calls.netlink import Addresses, is_gone
from tests.support.network import Network
from tests.support.require import missing


async def test_the_kernel_tells_of_each_change_once() -> None:
    if os.geteuid() or shutil.which("ip") is None:
        missing("network namespaces need root and the package iproute2")
    async with Network("lone") as (machine,):

        async def watched() -> list[frozenset[str]]:
            loop = asyncio.get_running_loop()
            changes: asyncio.Queue[frozenset[str]] = asyncio.Queue()
            with AddressWatch(changes.put_nowait):
                await asyncio.sleep(0.4)
                await loop.run_in_executor(None, machine.move, 20)
                first = await asyncio.wait_for(changes.get(), 5)
                await loop.run_in_executor(None, machine.inside, "addr", "add", "fd99::7/64", "dev", "wire0", "nodad")
                second = await asyncio.wait_for(changes.get(), 5)
                await loop.run_in_executor(None, machine.inside, "addr", "flush", "dev", "wire0")
                return [first, second, await asyncio.wait_for(changes.get(), 5)]

        changes = await machine.run(watched())
    assert changes == [frozenset({"10.99.0.20"}), frozenset({"10.99.0.20", "fd99::7"}), frozenset()]


def test_what_is_gone() -> None:
    known = frozenset({"192.0.2.1", "2001:db8::1"})
    assert [is_gone(address, known) for address in ("192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2")] == [
        False,
        False,
        True,
        True,
    ]
    assert not any(is_gone(address, known) for address in ("127.0.0.1", "::1", "fe80::1%eth0", "0.0.0.0", "", "?"))


@pytest.mark.fuzz
@given(st.binary(max_size=200))
def test_anything_may_come(data: bytes) -> None:
    addresses = Addresses()
    addresses.told(data)
    addresses.told(len(data).to_bytes(4, "little") + b"\x14\x00" + data)
    assert isinstance(addresses.known, frozenset)
