"""[I/O] The keys of a call: one DTLS-SRTP association (RFC 5763, RFC 5764), over one path after another.

    records of any path ─▶ queue ─▶ DTLS ─▶ the path that carries it now
    RTP, RTCP ──protected──▶ SRTP,  SRTP ──opened──▶ RTP, RTCP: whichever path they travel on

A peer that restarts ICE and shows the same certificate keeps its keys (RFC 8842 §4): the association outlives its
paths. Its private names of aiortc are watched by `tests/contracts/test_aiortc_names.py`.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, cast

import pylibsrtp
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceTransport
from aiortc.rtcdtlstransport import SRTPProtectionProfile, State
from OpenSSL import SSL

from appliance.media.packet import is_rtcp
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

_CIPHERS: Final = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    b"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    b"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    b"ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"
)
"""aiortc's own list has no RSA, which many a PBX presents when it is the DTLS server (RFC 8827 §6.5 asks for ECDSA)."""

_DIGESTS: Final = ("sha-256", "sha-384", "sha-512")
"""The fingerprints that can be checked (RFC 8122 §5)."""

_QUEUE: Final = 64
"""Records that wait for DTLS; the oldest is dropped, and sent again by the peer."""

Fingerprints = tuple[tuple[str, str], ...]
"""Pairs of hash function and value, as in `TransportParameters`."""


class Certificate(RTCCertificate):
    """A certificate of our own that also talks to peers who present RSA."""

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(_CIPHERS)
        return context


class _Wire:
    """What aiortc's DTLS takes for its ICE transport: records from a queue, and out to whichever path carries them."""

    role = "controlled"

    def __init__(self) -> None:
        self.records: asyncio.Queue[bytes] = asyncio.Queue()
        self.out: Callable[[bytes], None] | None = None

    async def _recv(self) -> bytes:
        return await self.records.get()

    async def _send(self, data: bytes) -> None:
        if self.out is not None:
            self.out(data)


class Association(RTCDtlsTransport):
    """Begun once, with a peer's fingerprints and a role; then its state is connected, failed or closed for good."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        """With a new certificate, or with one that was shown to the peer before."""
        self.certificate: Certificate = certificate or Certificate.generateCertificate()
        self._wire = _Wire()
        super().__init__(cast("RTCIceTransport", self._wire), [self.certificate])
        self._remote: tuple[frozenset[tuple[str, str]], bool] | None = None
        self._users: dict[object, Callable[[], None]] = {}
        self._tasks = TaskSet("DTLS")
        self.problem = ""
        """Why it failed."""
        self.on("statechange", self._changed)

    @property
    def usable(self) -> bool:
        """Neither failed nor closed."""
        return self.state not in ("failed", "closed")

    @property
    def keyed(self) -> bool:
        """Media can be protected and opened."""
        return self._rx_srtp is not None

    @property
    def client(self) -> bool | None:
        """Whether we are the DTLS client; None before it has begun."""
        return None if self._remote is None else self._remote[1]

    @property
    def fingerprints(self) -> Fingerprints:
        """What our description says of our certificate."""
        prints = self.getLocalParameters().fingerprints
        return tuple((item.algorithm, item.value) for item in prints if item.algorithm == "sha-256")

    def fits(self, remote: Fingerprints) -> bool:
        """The peer with these fingerprints has, or can have, its end of this association (RFC 8842 §4)."""
        return self.usable and (self._remote is None or self._remote[0] == frozenset(remote))

    def attend(self, user: object, changed: Callable[[], None]) -> None:
        """`user` travels under these keys; `changed` hears of each new state."""
        self._users[user] = changed

    def _changed(self) -> None:
        for changed in tuple(self._users.values()):
            changed()

    async def leave(self, user: object) -> None:
        """`user` no longer does; the last one ends the association."""
        self._users.pop(user, None)
        if not self._users:
            await self._end()

    def carry(self, out: Callable[[bytes], None]) -> None:
        """Records go out by `out` from now on."""
        self._wire.out = out

    def record(self, data: bytes) -> None:
        """A DTLS record came, on whichever path."""
        if self._wire.records.qsize() >= _QUEUE:
            self._wire.records.get_nowait()
        self._wire.records.put_nowait(data)

    def begin(self, remote: Fingerprints, *, client: bool) -> None:
        """Shake hands with the peer; nothing if that was begun before."""
        if self._remote is None:
            self._remote = frozenset(remote), client
            self._set_role("client" if client else "server")
            self._tasks.start("handshake", self._shake_hands(remote))

    async def _shake_hands(self, remote: Fingerprints) -> None:
        prints = [RTCDtlsFingerprint(name, value) for name, value in remote if name.lower() in _DIGESTS]
        self.problem = "the DTLS handshake failed, or the far end's certificate is not the one it announced"
        try:
            await self.start(RTCDtlsParameters(prints))
        except (SSL.Error, pylibsrtp.Error, ConnectionError) as error:
            log.debug("DTLS: %r", error)
            self.problem = f"the DTLS handshake failed: {error!r}"
            self._set_state(State.FAILED)
        if self.state == "connected":
            self.problem = ""

    def protected(self, data: bytes) -> bytes:
        """`data`, RTP or RTCP, as SRTP. Raises `pylibsrtp.Error`."""
        return self._tx_srtp.protect_rtcp(data) if is_rtcp(data) else self._tx_srtp.protect(data)

    def opened(self, data: bytes) -> bytes:
        """The RTP or RTCP packet in `data`. Raises `pylibsrtp.Error` if it is not the peer's."""
        return self._rx_srtp.unprotect_rtcp(data) if is_rtcp(data) else self._rx_srtp.unprotect(data)

    async def _end(self) -> None:
        """Say goodbye on the path that carries it."""
        self.remove_all_listeners()
        await self._tasks.close()
        await self.stop()
        self._wire.out = None


def checkable(fingerprints: Fingerprints) -> bool:
    """At least one of them can be checked."""
    return any(name.lower() in _DIGESTS for name, _ in fingerprints)
