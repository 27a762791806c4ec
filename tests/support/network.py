"""Machines in a network that breaks when a test says so: namespaces joined by a switch in user space.

Each machine is a network namespace with one TUN device, and a thread with an event loop in it. Whatever that thread
opens, and every thread it starts, is in the namespace. The switch takes IP packets from one device, drops and delays
those that it should, and hands the others to the machine whose address they name.

Needs root and /dev/net/tun. Every machine is 10.99.0.<n>/24 on its own wire.
"""

import asyncio
import ctypes
import fcntl
import heapq
import ipaddress
import os
import random
import select
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from tests.support.require import missing, require

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x1001
_UDP = 17
_HEADERS = 28
"""Octets of IP's and UDP's headers."""
_NETWORK = "10.99.0"
_NETWORK_6 = "fd99"
_DEVICE = "wire0"
_libc = ctypes.CDLL(None, use_errno=True)


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@dataclass(frozen=True, slots=True)
class Wire:
    """What becomes of UDP that a machine sends: a share is lost, the rest is late by `delay` and up to `jitter` s."""

    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0


class Machine:
    """One namespace. `run` does something in it."""

    def __init__(self, name: str, number: int, version: int = 4) -> None:
        self._version = version
        self.namespace = f"phone-{os.getpid()}-{name}"
        self.number = number
        self.unplugged = False
        """Nothing comes or goes."""
        self.deaf_to_udp = False
        """Only UDP is lost, both ways: media goes, signalling stays."""
        self.deaf_to_sound = False
        """Only RTP is lost, on its way here: the path stays, and reports of it (RTCP) too."""
        self.wire = Wire()
        self._ip("netns", "add", self.namespace)
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._there = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        self.tun = self._plug_in()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name=f"machine {name}")
        self._thread.start()

    @property
    def address(self) -> str:
        return f"{_NETWORK}.{self.number}" if self._version == 4 else f"{_NETWORK_6}::{self.number:x}"

    def move(self, number: int) -> None:
        """Get another address, as by another access point: the old one is gone."""
        self.inside("addr", "flush", "dev", _DEVICE)
        self.number = number
        wide = ("24",) if self._version == 4 else ("64", "nodad")
        self.inside("addr", "add", f"{self.address}/{wide[0]}", "dev", _DEVICE, *wide[1:])
        self.inside(f"-{self._version}", "route", "replace", "default", "dev", _DEVICE)

    def inside(self, *arguments: str) -> None:
        self._ip("-n", self.namespace, *arguments)

    @staticmethod
    def _ip(*arguments: str) -> None:
        subprocess.run([str(require("ip", package="iproute2")), *arguments], check=True, capture_output=True)

    def _plug_in(self) -> int:
        _enter(self._there)
        try:
            tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22s", _DEVICE.encode(), _IFF_TUN_NO_PI, b""))
        finally:
            _enter(self._home)
        self.inside("link", "set", "lo", "up")
        self.inside("link", "set", _DEVICE, "up")
        self.move(self.number)
        return tun

    def _live(self) -> None:
        _enter(self._there)
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, done in this machine."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for descriptor in (self.tun, self._home, self._there):
            os.close(descriptor)
        self._ip("netns", "del", self.namespace)


class Network:
    """The switch between machines: `async with Network("a", "b") as (a, b)` gives them in this order."""

    def __init__(self, *names: str, version: int = 4) -> None:
        """With `version` 6 no machine has an IPv4 address."""
        self._names = names
        self._version = version
        self._machines: list[Machine] = []
        self._over = threading.Event()
        self._choice = random.Random(7)
        self._due: list[tuple[float, int, int, bytes]] = []
        self._count = 0
        self._thread = threading.Thread(target=self._switch, name="switch")

    async def __aenter__(self) -> tuple[Machine, ...]:
        if os.geteuid() or not os.access("/dev/net/tun", os.R_OK | os.W_OK) or shutil.which("ip") is None:
            missing("network namespaces need root, /dev/net/tun and the package iproute2")
        try:
            for number, name in enumerate(self._names, start=1):
                self._machines.append(Machine(name, number, self._version))
        except BaseException:
            self._close()
            raise
        self._thread.start()
        return tuple(self._machines)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._close()

    def _close(self) -> None:
        for machine in self._machines:
            machine.close()

    def _switch(self) -> None:
        by_tun = {machine.tun: machine for machine in self._machines}
        while not self._over.is_set():
            wait = min(0.1, max(0.0, self._due[0][0] - time.monotonic())) if self._due else 0.1
            readable, _, _ = select.select(list(by_tun), [], [], wait)
            for tun in readable:
                self._forward(by_tun[tun])
            while self._due and self._due[0][0] <= time.monotonic():
                _, _, tun, packet = heapq.heappop(self._due)
                os.write(tun, packet)

    def _forward(self, sender: Machine) -> None:
        for _ in range(64):
            try:
                packet = os.read(sender.tun, 65_536)
            except BlockingIOError:
                return
            if packet[0] >> 4 != self._version:
                continue
            target = str(ipaddress.ip_address(packet[16:20] if self._version == 4 else packet[24:40]))
            for receiver in self._machines:
                if receiver.address != target or any(_drops(end, packet) for end in (sender, receiver)):
                    continue
                if not (receiver.deaf_to_sound and _is_sound(packet)):
                    self._send(sender.wire if _is_udp(packet) else Wire(), receiver.tun, packet)

    def _send(self, wire: Wire, tun: int, packet: bytes) -> None:
        if wire.loss and self._choice.random() < wire.loss:
            return
        late = wire.delay + self._choice.random() * wire.jitter
        if not late:
            os.write(tun, packet)
            return
        self._count += 1
        heapq.heappush(self._due, (time.monotonic() + late, self._count, tun, packet))


def _drops(machine: Machine, packet: bytes) -> bool:
    return machine.unplugged or (machine.deaf_to_udp and _is_udp(packet))


def _is_udp(packet: bytes) -> bool:
    return packet[9 if packet[0] >> 4 == 4 else 6] == _UDP


def _is_sound(packet: bytes) -> bool:
    """RTP, and not RTCP (RFC 5761 §4), in UDP without options of IP."""
    if packet[9] != _UDP or len(packet) < _HEADERS + 2:
        return False
    return packet[_HEADERS] >> 6 == 2 and not 64 <= (packet[_HEADERS + 1] & 0x7F) <= 95


class Doorway:
    """Lets other machines in to a program that listens on this machine's loopback only."""

    def __init__(self, address: str, port: int) -> None:
        self._address, self._port = address, port
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._enter, self._address, self._port)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._streams |= {writer, inner_writer}
        await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))
        self._streams -= {writer, inner_writer}

    def cut(self) -> None:
        """End every connection through it at once, as a broken network does; new ones may come."""
        for stream in tuple(self._streams):
            stream.transport.abort()

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        writer.transport.abort()
    finally:
        writer.close()
