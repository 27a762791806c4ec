"""Private names of aiortc and aioice that `media/ice_agent.py` and `association.py` use: one that moves fails here."""

import asyncio
import inspect

import aioice
import aioice.ice
from aioice import stun
from aioice.candidate import candidate_foundation, candidate_priority
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceServer
from aiortc.rtcdtlstransport import State
from aiortc.rtcicetransport import connection_kwargs


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def source(function: object) -> str:
    return inspect.getsource(function)  # type: ignore[arg-type]


def test_the_agent_asks_for_candidates_and_hands_over_datagrams_where_we_stand_in() -> None:
    async def look() -> None:
        agent = aioice.Connection(ice_controlling=False)
        assert agent._protocols == []
        assert agent._check_list == []
        assert agent._nominated == {}
        assert agent.turn_server is None
        assert not agent._closing
        assert len(agent.local_username) >= 4
        assert len(agent.local_password) >= 22

    asyncio.run(look())
    assert parameters(aioice.Connection.get_component_candidates) == ["self", "component", "addresses", "timeout"]
    assert "self.get_component_candidates(component=component, addresses=addresses)" in source(
        aioice.Connection.gather_candidates
    )
    assert parameters(aioice.Connection.data_received) == ["self", "data", "component"]
    assert "self.receiver.data_received(data, " in source(aioice.ice.StunProtocol.datagram_received)
    assert parameters(aioice.Connection.protocol_lost) == ["self", "protocol"]
    assert "self.receiver.protocol_lost(self)" in source(aioice.ice.StunProtocol.connection_lost)
    assert "active_pair = self._nominated.get(component)" in source(aioice.Connection.sendto)
    assert "active_pair.protocol.send_data(data, active_pair.remote_addr)" in source(aioice.Connection.sendto)
    assert "self.transport.sendto(data, addr)" in source(aioice.ice.StunProtocol.send_data)


def test_consent_is_asked_for_where_we_stand_in() -> None:
    assert "asyncio.create_task(self.query_consent())" in source(aioice.Connection.connect)
    assert "self._query_consent_task = None" in source(aioice.Connection.query_consent)
    assert "self._query_consent_task.done()" in source(aioice.Connection.close)
    assert parameters(aioice.Connection.build_request) == ["self", "pair", "nominate"]
    assert stun.RETRY_RTO == 0.5, "a sign of life is asked for twice in 1.5 s"


def test_checks_that_were_given_up_stay_in_progress_until_we_take_them_back() -> None:
    assert "check.task.cancel()" in source(aioice.Connection.connect)
    assert "if pair.state in [CandidatePair.State.FROZEN, CandidatePair.State.FAILED]" in source(
        aioice.Connection.check_incoming
    )
    assert "if pair.task is None:" in source(aioice.Connection.check_start_task)


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


def test_dtls_runs_over_anything_that_sends_and_receives() -> None:
    used = "\n".join(map(source, (RTCDtlsTransport._recv_next, RTCDtlsTransport._write_ssl, RTCDtlsTransport.start)))
    for name in ("self.transport._recv()", "await self.transport._send(data)", "self.transport.role"):
        assert name in used
    assert parameters(RTCDtlsTransport._set_role) == ["self", "role"]
    assert parameters(RTCDtlsTransport._set_state) == ["self", "state"]
    assert 'self.emit("statechange")' in source(RTCDtlsTransport._set_state)
    assert '"server"' in used
    assert '"client"' in used
    assert str(State.FAILED) == "State.FAILED", "`state` is cut out of it"


def test_the_keys_protect_and_open_packets() -> None:
    # What `_send_rtp` and `_recv_next` do with a packet, which we do without their coroutines.
    assert "self._tx_srtp.protect_rtcp(data)" in source(RTCDtlsTransport._send_rtp)
    assert "self._tx_srtp.protect(data)" in source(RTCDtlsTransport._send_rtp)
    assert "self._rx_srtp.unprotect_rtcp(data)" in source(RTCDtlsTransport._recv_next)
    assert "self._rx_srtp.unprotect(data)" in source(RTCDtlsTransport._recv_next)
    assert "self._rx_srtp: Session = None" in source(RTCDtlsTransport.__init__)


def test_the_certificate_makes_the_context_whose_ciphers_we_extend() -> None:
    assert parameters(RTCCertificate._create_ssl_context) == ["self", "srtp_profiles"]
    assert "_create_ssl_context(" in source(RTCDtlsTransport.start)
    assert RTCCertificate.generateCertificate().getFingerprints()[0].algorithm == "sha-256"


def test_turn_settings_are_translated() -> None:
    turn = connection_kwargs([RTCIceServer("turn:127.0.0.1:3478?transport=udp", "user", "password")])
    assert turn["turn_server"] == ("127.0.0.1", 3478)
