"""REFER with a peer that does it to the letter, and against it: SIPp calls, is referred, and refers."""

from pathlib import Path

from appliance.sip.events import Acknowledged, Ended, Incoming, Notified, Referred, SubscriptionEnded
from appliance.sip.refer import SIPFRAG, progress, sipfrag
from tests.conftest import USERS
from tests.flows.user_agents import ANSWER, Observed, user_agent
from tests.support.kamailio import Kamailio
from tests.support.sipp import SDP, Caller, Sipp, receive, respond

BODY = "v=0\ns=sipp\n"


def told(state: str) -> str:
    """The headers of a NOTIFY about a REFER, which names none: there is only one (RFC 3515 §2.4.6)."""
    return f"Event: refer\nSubscription-State: {state}\nContent-Type: message/sipfrag;version=2.0"


async def answered(alice: Observed) -> Incoming:
    incoming = await alice.wait(Incoming)
    alice.agent.answer(incoming.invite, ANSWER)
    await alice.wait(Acknowledged)
    return incoming


async def test_it_is_referred_and_tells_how_it_goes(tmp_path: Path) -> None:
    async with Kamailio({**USERS, "sipp": "script"}) as kamailio:
        sipp = Caller(kamailio, "sipp", "alice")
        script = [
            *sipp.invite(SDP, BODY),
            receive(200, routes=True),
            sipp.acknowledge(),
            receive("REFER", contains="Refer-To: <sip:carol@sip.test>"),
            respond("202 Accepted"),
            sipp.request("NOTIFY", told("active;expires=60"), "SIP/2.0 180 Ringing\n"),
            receive(200),
            receive("BYE"),
            respond("200 OK"),
            sipp.request("NOTIFY", told("terminated;reason=noresource"), "SIP/2.0 200 OK\n"),
            receive(200),
        ]
        async with user_agent(kamailio, "alice") as alice, Sipp(kamailio, script, tmp_path) as peer:
            incoming = await answered(alice)
            alice.agent.subscriptions.refer(incoming.invite, "carol")
            assert progress((await alice.wait(Notified)).body) == (180, "Ringing")
            alice.agent.bye(incoming.invite)
            assert (await alice.wait(Ended)).local
            assert progress((await alice.wait(Notified)).body) == (200, "OK"), "the dialog lived on for it"
            assert (await alice.wait(SubscriptionEnded)).reason == "noresource"
            await peer.ended()


async def test_it_refers_badly_and_then_well(tmp_path: Path) -> None:
    async with Kamailio({**USERS, "sipp": "script"}) as kamailio:
        sipp = Caller(kamailio, "sipp", "alice")
        script = [
            *sipp.invite(SDP, BODY),
            receive(200, routes=True),
            sipp.acknowledge(),
            sipp.request("REFER", "X-Nothing: here"),
            receive(400),
            sipp.request("REFER", "Refer-To: <sip:carol@sip.test>\nRefer-To: <sip:bob@sip.test>"),
            receive(400),
            sipp.request("REFER", "Refer-To: <sip:carol@sip.test;method=BYE>"),
            receive(400),
            sipp.request("REFER", "Refer-To: <sip:carol@sip.test>\nReferred-By: <sip:sipp@sip.test>"),
            receive(202),
            receive("NOTIFY", contains="SIP/2.0 603 Decline"),
            respond("481 Subscription Does Not Exist"),
            receive("BYE"),
            respond("200 OK"),
        ]
        async with user_agent(kamailio, "alice") as alice, Sipp(kamailio, script, tmp_path) as peer:
            incoming = await answered(alice)
            referred = await alice.wait(Referred)
            assert (referred.target, referred.referred_by) == ("sip:carol@sip.test", "sip:sipp@sip.test")
            alice.agent.subscriptions.accept(referred.subscription)
            alice.agent.subscriptions.notify(referred.subscription, SIPFRAG, sipfrag(603), final="noresource")
            assert (await alice.wait(SubscriptionEnded)).status == 481
            assert alice.count(Ended) == 0, "the call is not what is gone"
            alice.agent.bye(incoming.invite)
            await peer.ended()
