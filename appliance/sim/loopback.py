"""Ports on loopback for what a simulation starts."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range the kernel hands to outgoing connections (net.ipv4.ip_local_port_range): a program that is killed and
# started again finds its port free, and a client that knocks in between cannot connect to itself.
_RANGE = range(15_000, 32_000)
_random = random.SystemRandom()


def free_ports(count: int, host: str = LOOPBACK) -> list[int]:
    """`count` different ports that nobody uses, neither TCP nor UDP."""
    ports: list[int] = []
    for _ in range(1000):
        if len(ports) == count:
            return ports
        port = _random.choice(_RANGE)
        if port not in ports and _is_free(host, port):
            ports.append(port)
    raise OSError(f"no {count} free ports on {host}")


def free_port(host: str = LOOPBACK) -> int:
    """One port that nobody uses, neither TCP nor UDP."""
    return free_ports(1, host)[0]


def _is_free(host: str, port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            # As every daemon sets it: a port whose last connections are in TIME-WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True
