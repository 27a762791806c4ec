"""The kernel's words about the machine's addresses: netlink(7), rtnetlink(7)."""

import ipaddress
import struct
from typing import Final

GROUPS: Final = 0x10 | 0x100
"""RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR: who wants to be told of changes."""

_HEADER: Final = struct.Struct("=IHHII")
_ADDRESS: Final = struct.Struct("=BBBBI")
_ATTRIBUTE: Final = struct.Struct("=HH")
_NEW, _DELETED, _GET = 20, 21, 22  # RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR
_DUMP: Final = 0x301  # NLM_F_REQUEST, NLM_F_ROOT, NLM_F_MATCH
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_TENTATIVE: Final = 0x40
_LINK, _HOST = 253, 254  # scopes that lead nowhere beyond the wire, or the machine


def is_gone(address: str, known: frozenset[str]) -> bool:
    """`address` was this machine's, and is not in `known` any more. What leads nowhere is never gone."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return (
        not parsed.is_loopback and not parsed.is_link_local and not parsed.is_unspecified and str(parsed) not in known
    )


def question() -> bytes:
    """Asks for every address there is."""
    body = bytes(_ADDRESS.size)
    return _HEADER.pack(_HEADER.size + len(body), _GET, _DUMP, 1, 0) + body


class Addresses:
    """The addresses that lead beyond the wire, as far as the kernel has told."""

    def __init__(self) -> None:
        self._known: set[tuple[int, str]] = set()

    @property
    def known(self) -> frozenset[str]:
        """Those that can be used now, of every interface."""
        return frozenset(address for _, address in self._known)

    def forget(self) -> None:
        """Words of the kernel were lost: it will be asked anew."""
        self._known.clear()

    def told(self, data: bytes) -> None:
        """Take one datagram of the kernel's; what is damaged or about something else is passed over."""
        position = 0
        while position + _HEADER.size <= len(data):
            size, kind, _, _, _ = _HEADER.unpack_from(data, position)
            if not _HEADER.size <= size <= len(data) - position:
                return
            if kind in (_NEW, _DELETED):
                self._take(data[position + _HEADER.size : position + size], added=kind == _NEW)
            position += (size + 3) & ~3

    def _take(self, body: bytes, *, added: bool) -> None:
        if len(body) < _ADDRESS.size:
            return
        _, _, flags, scope, interface = _ADDRESS.unpack_from(body)
        attributes = dict(_attributes(body[_ADDRESS.size :]))
        packed = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS) or b""
        flags = int.from_bytes(attributes.get(_IFA_FLAGS, bytes((flags,))), "little")
        try:
            address = str(ipaddress.ip_address(packed))
        except ValueError:
            return
        entry = (interface, address)
        if added and not flags & _TENTATIVE and scope not in (_LINK, _HOST):
            self._known.add(entry)
        else:
            self._known.discard(entry)


def _attributes(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    position = 0
    while position + _ATTRIBUTE.size <= len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, position)
        if not _ATTRIBUTE.size <= size <= len(data) - position:
            break
        found.append((kind, data[position + _ATTRIBUTE.size : position + size]))
        position += (size + 3) & ~3
    return found
