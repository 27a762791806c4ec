"""Where a STUN server is."""

import asyncio
import ipaddress
import socket
from typing import Final

_PORT: Final = 3478
"""RFC 8489 §6.2.1."""


def is_ipv4(host: str) -> bool:
    """True if `host` is an IPv4 address: STUN servers are asked over IPv4 alone, for the sake of its translators."""
    return ipaddress.ip_address(host).version == 4


def can_reach(host: str, server: str) -> bool:
    """False if packets from the address `host` of this machine never get to `server`: loopback leads nowhere else."""
    return ipaddress.ip_address(server).is_loopback or not ipaddress.ip_address(host).is_loopback


async def resolved(server: str) -> tuple[str, int]:
    """The IPv4 address and port of `stun:host[:port]` (RFC 7064). Raises `OSError` if the name is unknown."""
    host, _, port = server.removeprefix("stun:").partition(":")
    number = int(port) if port.isdigit() else _PORT
    try:
        return str(ipaddress.IPv4Address(host)), number
    except ValueError:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, number, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        return str(found[0][4][0]), number
