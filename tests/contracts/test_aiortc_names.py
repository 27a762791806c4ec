"""Names of aiortc and aioice that `media/ice_*.py` and `media/association.py` use: one that moves fails here."""

import asyncio
import inspect

import aioice
import aioice.ice
from aioice import stun, turn
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import relayed_candidate
from aiortc import RTCCertificate, RTCDtlsTransport
from aiortc.rtcdtlstransport import State
from aiortc.rtcicetransport import parse_stun_turn_uri


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


def test_the_agent_leaves_out_loopback_and_takes_candidates_later() -> None:
    addresses = aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True)
    assert "127.0.0.1" not in addresses
    assert "for remote_candidate in self._remote_candidates:" in source(aioice.Connection.connect)
    assert "self._early_checks_done = True" in source(aioice.Connection.connect)
    assert parameters(aioice.Connection._pair_remote_candidate) == ["self", "remote_candidate"]
    assert "for protocol in self._protocols:" in source(aioice.Connection._pair_remote_candidate)
    assert "self._local_candidates[:]" in source(aioice.Connection)


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


def test_an_allocation_can_be_made_apart_from_the_agent() -> None:
    assert set(parameters(relayed_candidate)) == {
        "component",
        "hide_related_address",
        "protocol_factory",
        "turn_server",
        "turn_username",
        "turn_password",
        "turn_ssl",
        "turn_transport",
    }
    assert parse_stun_turn_uri("turns:127.0.0.1:5349") == {
        "scheme": "turns",
        "host": "127.0.0.1",
        "port": 5349,
        "transport": "tcp",
    }
    assert parse_stun_turn_uri("turn:turn.test")["transport"] == "udp"


def test_the_connection_below_a_relay_can_be_marked_and_cut() -> None:
    assert "self.__inner_protocol = inner_protocol" in source(turn.TurnTransport.__init__)
    assert "self.__close_task = asyncio.create_task(self._close())" in source(turn.TurnTransport.close)
    assert "self.transport = transport" in source(turn.TurnClientMixin.connection_made)
    assert "self.receiver.connection_lost(exc)" in source(turn.TurnClientMixin.connection_lost)
