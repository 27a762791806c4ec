"""Who calls, as Kamailio says it, and what a call says of itself."""

from pathlib import Path

from appliance.calls.identity import CallerInfo, Diverted
from tests.flows.phones import USERS, Phone
from tests.support.kamailio import Kamailio


async def test_what_the_network_says_of_a_caller_and_what_a_call_says_of_itself(tmp_path: Path) -> None:
    async with Kamailio(USERS) as kamailio:
        where = {"registrars": kamailio.ws_url, "domain": kamailio.domain}
        async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
            await alice.login()
            await bob.login()
            for count, (verdict, verified) in enumerate((("Verified", True), ("Failed", False), (None, None)), 1):
                kamailio.vouch(verdict)
                placed = await alice.client.call("bob", {"X-PH-Floor": "3"})
                received = await bob.rung(count=count)
                info = received.info
                assert received.caller_info == info.caller_info
                if verdict is None:
                    assert (info.caller_info, info.asserted_uri, info.diverted) == (None, "", ())
                else:
                    assert info.caller_info == CallerInfo(verified=bool(verified), status=verdict)
                    assert info.asserted_uri == f"sip:+4930201@{kamailio.domain}"
                    assert info.asserted_name == "Alice at the door"
                    assert info.diverted == (Diverted(uri=f"sip:carol@{kamailio.domain}", reason="no-answer"),)
                assert placed.parameters == {}
                assert placed.caller_info is None
                assert received.parameters == {
                    "From": f"sip:alice@{kamailio.domain}",
                    "To": f"sip:bob@{kamailio.domain}",
                    "CallSid": received.uuid,
                }
                assert received.custom_parameters == placed.custom_parameters == {"Floor": "3"}
                assert (received.direction, placed.direction) == ("INCOMING", "OUTGOING")
                if verdict is not None:
                    received.reject()
                    await placed.wait_ended()
            assert await received.answer()
            assert await placed.wait_answered()
            assert placed.parameters == {"CallSid": placed.uuid}
            assert placed.codec == received.codec == "opus"
