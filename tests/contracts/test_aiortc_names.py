"""The private names of aiortc and aioice that `media/transport.py` leans on: a release that moves one fails here."""

import asyncio
import inspect

import aioice
import aioice.ice
from aioice import stun
from aioice.candidate import candidate_foundation, candidate_priority
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceServer, RTCIceTransport
from aiortc.rtcicetransport import candidate_from_aioice, connection_kwargs


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def source(function: object) -> str:
    return inspect.getsource(function)  # type: ignore[arg-type]


def test_the_gatherer_holds_an_agent_that_the_ice_transport_takes_over() -> None:
    async def look() -> None:
        gatherer = RTCIceGatherer(iceServers=[])
        agent = aioice.Connection(ice_controlling=False)
        assert isinstance(gatherer._connection, aioice.Connection)
        gatherer._connection = agent
        transport = RTCIceTransport(gatherer)
        assert transport._connection is agent
        assert transport.role == "controlled"
        agent.ice_controlling = True
        assert transport.role == "controlling"

    asyncio.run(look())


def test_the_agent_reads_its_queue_and_asks_for_candidates_where_we_stand_in() -> None:
    async def look() -> None:
        agent = aioice.Connection(ice_controlling=False)
        assert isinstance(agent._queue, asyncio.Queue)
        assert agent._protocols == []
        assert agent.turn_server is None

    asyncio.run(look())
    assert parameters(aioice.Connection.get_component_candidates) == ["self", "component", "addresses", "timeout"]
    assert "self.get_component_candidates(component=component, addresses=addresses)" in source(
        aioice.Connection.gather_candidates
    )
    assert "self._queue.put_nowait((data, component))" in source(aioice.Connection.data_received)
    assert "self._queue.get()" in source(aioice.Connection.recvfrom)
    assert "self._check_list: list[CandidatePair] = []" in source(aioice.Connection.__init__)
    assert "self._nominated.values()" in source(aioice.Connection.query_consent)
    assert parameters(aioice.Connection.build_request) == ["self", "pair", "nominate"]
    assert stun.RETRY_RTO == 0.5, "a sign of life is asked for twice in 1.5 s"
    # Consent that expires ends in `close`, which is how its loss is told from our own end.
    assert "self.close()" in source(aioice.Connection.query_consent)


def test_the_agent_leaves_out_loopback_and_waits_for_servers() -> None:
    addresses = aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True)
    assert "127.0.0.1" not in addresses
    assert "asyncio.wait(tasks, timeout=timeout)" in source(aioice.Connection.get_component_candidates)


def test_a_stun_query_can_be_made_on_a_socket_of_the_agent() -> None:
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    assert bytes(request)
    assert parameters(aioice.ice.StunProtocol.request)[:3] == ["self", "request", "addr"]
    assert issubclass(stun.TransactionTimeout, stun.TransactionError)
    assert candidate_foundation("srflx", "udp", "192.0.2.1")
    assert candidate_priority(1, "srflx") < candidate_priority(1, "host")


def test_dtls_hands_over_decrypted_packets_and_takes_clear_ones() -> None:
    assert inspect.iscoroutinefunction(RTCDtlsTransport._handle_rtp_data)
    assert parameters(RTCDtlsTransport._handle_rtp_data) == ["self", "data", "arrival_time_ms"]
    assert inspect.iscoroutinefunction(RTCDtlsTransport._handle_rtcp_data)
    assert parameters(RTCDtlsTransport._handle_rtcp_data) == ["self", "data"]
    # What `_send_rtp` and `_recv_next` do with a packet, which we do without their coroutines.
    assert "self._tx_srtp.protect_rtcp(data)" in source(RTCDtlsTransport._send_rtp)
    assert "self._tx_srtp.protect(data)" in source(RTCDtlsTransport._send_rtp)
    assert "active_pair = self._nominated.get(component)" in source(aioice.Connection.sendto)
    assert "active_pair.protocol.send_data(data, active_pair.remote_addr)" in source(aioice.Connection.sendto)
    assert "self.transport.sendto(data, addr)" in source(aioice.ice.StunProtocol.send_data)
    assert "self._rx_srtp.unprotect_rtcp(data)" in source(RTCDtlsTransport._recv_next)
    assert "self._rx_srtp.unprotect(data)" in source(RTCDtlsTransport._recv_next)
    assert parameters(RTCDtlsTransport._set_role) == ["self", "role"]
    assert '"server"' in source(RTCDtlsTransport.start)


def test_the_certificate_makes_the_context_whose_ciphers_we_extend() -> None:
    assert parameters(RTCCertificate._create_ssl_context) == ["self", "srtp_profiles"]
    assert "_create_ssl_context(" in source(RTCDtlsTransport.start)
    assert RTCCertificate.generateCertificate().getFingerprints()[0].algorithm == "sha-256"


def test_turn_settings_and_candidates_are_translated() -> None:
    turn = connection_kwargs([RTCIceServer("turn:127.0.0.1:3478?transport=udp", "user", "password")])
    assert turn["turn_server"] == ("127.0.0.1", 3478)
    line = "1 1 udp 2122260223 192.0.2.1 50000 typ host"
    assert candidate_from_aioice(aioice.Candidate.from_sdp(line)).ip == "192.0.2.1"
