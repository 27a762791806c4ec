"""Where a STUN server is."""

import asyncio
import ipaddress
import socket
from typing import Final

_PORT: Final = 3478
"""RFC 8489 §6.2.1."""


def is_routable_ipv4(host: str) -> bool:
    """True if a STUN server, which are asked over IPv4 only, could be reached from `host`."""
    address = ipaddress.ip_address(host)
    return address.version == 4 and not address.is_loopback


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
