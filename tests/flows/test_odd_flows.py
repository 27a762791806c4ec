"""Flows that few telephones have, with SIPp as the peer: reliable provisionals, session timers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.sip.events import Acknowledged, Answered, Ended, Incoming, Offered, Progress
from tests.conftest import USERS
from tests.flows.user_agents import ANSWER, OFFER, OTHER, user_agent
from tests.support.kamailio import Kamailio
from tests.support.sipp import SDP, Caller, Sipp, answer, called, receive, respond

BODY = "v=0\ns=sipp\n"
WIRE = BODY.replace("\n", "\r\n").encode()
SHORT: dict[str, Any] = {"session_expires": 2, "session_least": 2}
"""Sessions of two seconds: refreshed after one, given up 1.4 s after nobody did (RFC 4028 wants 90 s at least)."""
METHODS = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK"


@pytest.fixture
async def kamailio() -> AsyncIterator[Kamailio]:
    async with Kamailio({**USERS, "sipp": "script"}) as registrar:
        yield registrar


async def test_a_caller_that_requires_reliable_provisionals(kamailio: Kamailio, tmp_path: Path) -> None:
    sipp = Caller(kamailio, "sipp", "alice")
    script = [
        *sipp.invite(f"Require: 100rel\n{SDP}", BODY),
        receive(183, contains="RSeq: ([0-9]+)", keep="rseq", routes=True),
        sipp.request("PRACK", f"RAck: [$rseq] 2 INVITE\n{SDP}", BODY),
        receive(200, contains="s=other"),
        receive(200, contains="CSeq: 2 INVITE", routes=True),
        sipp.acknowledge(),
        receive("BYE"),
        respond("200 OK"),
    ]
    async with user_agent(kamailio, "alice") as alice, Sipp(kamailio, script, tmp_path) as peer:
        incoming = await alice.wait(Incoming)
        alice.agent.provisional(incoming.invite, 183, body=ANSWER)
        offered = await alice.wait(Offered)
        assert (offered.method, offered.body) == ("PRACK", WIRE)
        alice.agent.accept_offer(offered.offer_id, OTHER)
        alice.agent.answer(incoming.invite, ANSWER)
        await alice.wait(Acknowledged)
        alice.agent.bye(incoming.invite)
        await peer.ended()


async def test_a_callee_whose_answer_comes_in_a_reliable_provisional(kamailio: Kamailio, tmp_path: Path) -> None:
    script = [
        called(),
        answer("183 Session Progress", f"Require: 100rel\nRSeq: 815\n{METHODS}\n{SDP}", BODY),
        receive("PRACK", contains="RAck: 815 2 INVITE"),
        respond("200 OK"),
        answer("200 OK"),
        receive("ACK"),
        receive("BYE"),
        respond("200 OK"),
    ]
    async with user_agent(kamailio, "alice") as alice, Sipp(kamailio, script, tmp_path, user="sipp") as peer:
        ours = alice.agent.invite("sipp", OFFER)
        progress = await alice.wait(Progress)
        assert (progress.reliable, progress.body) == (True, WIRE)
        assert (await alice.wait(Answered)).body is None
        alice.agent.bye(ours)
        await peer.ended()


async def test_an_offerless_call_is_offered_to_in_a_reliable_provisional(kamailio: Kamailio, tmp_path: Path) -> None:
    script = [
        called(),
        answer("183 Session Progress", f"Require: 100rel\nRSeq: 1\n{SDP}", BODY),
        receive("PRACK", contains="s=answer"),
        respond("200 OK"),
        answer("200 OK"),
        receive("ACK"),
        receive("BYE"),
        respond("200 OK"),
    ]
    async with user_agent(kamailio, "alice") as alice, Sipp(kamailio, script, tmp_path, user="sipp") as peer:
        ours = alice.agent.invite("sipp", None)
        assert (await alice.wait(Progress)).is_offer
        alice.agent.acknowledge(ours, ANSWER)
        await alice.wait(Answered)
        alice.agent.bye(ours)
        await peer.ended()


async def test_a_callee_that_wants_longer_sessions_which_we_refresh(kamailio: Kamailio, tmp_path: Path) -> None:
    script = [
        called(),
        answer("422 Session Interval Too Small", "Min-SE: 4"),
        receive("ACK"),
        called(),
        answer("200 OK", f"Session-Expires: 4;refresher=uac\nRequire: timer\n{METHODS}\n{SDP}", BODY),
        receive("ACK"),
        receive("UPDATE", contains="Session-Expires: 4;refresher=uac"),
        respond("200 OK", "Session-Expires: 4;refresher=uac\nRequire: timer"),
        receive("BYE"),
        respond("200 OK"),
    ]
    async with (
        user_agent(kamailio, "alice", **SHORT) as alice,
        Sipp(kamailio, script, tmp_path, user="sipp") as peer,
    ):
        ours = alice.agent.invite("sipp", OFFER)
        await alice.wait(Answered)
        await asyncio.to_thread(kamailio.wait_log, lambda line: "RESPONSE 200 OK to UPDATE" in line)
        alice.agent.bye(ours)
        await peer.ended()


async def test_a_callee_without_update_is_offered_the_same_again(kamailio: Kamailio, tmp_path: Path) -> None:
    script = [
        called(),
        answer("200 OK", f"Session-Expires: 2;refresher=uac\nAllow: INVITE, ACK, BYE, CANCEL\n{SDP}", BODY),
        receive("ACK"),
        receive("INVITE", contains="s=offer"),
        respond("200 OK", f"Session-Expires: 2;refresher=uac\n{SDP}", BODY),
        receive("ACK"),
        receive("BYE"),
        respond("200 OK"),
    ]
    async with (
        user_agent(kamailio, "alice", **SHORT) as alice,
        Sipp(kamailio, script, tmp_path, user="sipp") as peer,
    ):
        ours = alice.agent.invite("sipp", OFFER)
        await alice.wait(Answered)
        await asyncio.to_thread(kamailio.wait_log, lambda _: kamailio.log_text().count("REQUEST ACK") == 2)
        alice.agent.bye(ours)
        await peer.ended()
        assert alice.count(Answered) == alice.count(Ended) == 1


async def test_a_caller_that_does_not_refresh_is_hung_up_on(kamailio: Kamailio, tmp_path: Path) -> None:
    sipp = Caller(kamailio, "sipp", "alice")
    script = [
        *sipp.invite(f"Supported: timer\nSession-Expires: 2;refresher=uac\n{SDP}", BODY),
        receive(200, contains="Session-Expires: 2;refresher=uac", routes=True),
        sipp.acknowledge(),
        receive("BYE"),
        respond("200 OK"),
    ]
    async with user_agent(kamailio, "alice", **SHORT) as alice, Sipp(kamailio, script, tmp_path) as peer:
        incoming = await alice.wait(Incoming)
        alice.agent.answer(incoming.invite, ANSWER)
        ended = await alice.wait(Ended)
        assert (ended.local, ended.status) == (True, 408)
        await peer.ended()


async def test_too_short_a_session_is_refused(kamailio: Kamailio, tmp_path: Path) -> None:
    sipp = Caller(kamailio, "sipp", "alice")
    script = [
        *sipp.invite(f"Supported: timer\nSession-Expires: 60\n{SDP}", BODY),
        receive(422, contains="Min-SE: 90"),
    ]
    async with user_agent(kamailio, "alice") as alice, Sipp(kamailio, script, tmp_path) as peer:
        await peer.ended()
        assert alice.count(Incoming) == 0
