"""The torture messages of RFC 4475, each with what it asks of an element like ours: a user agent, not a registrar.

`tests/data/torture` has them by the names they have there, but for mpart01 (§3.1.1.11), whose binary signature is not
among them.
"""

from pathlib import Path

import pytest

from appliance.sip.events import Event, Incoming
from appliance.sip.message import Request, Response
from appliance.sip.sanity import Refused, check
from tests.unit.sip.bench import Bench

FOLDER = Path(__file__).parents[2] / "data" / "torture"
REGISTRAR = "a registrar's business: we name the methods we have"

ANSWERED = {
    # 3.1.1: valid
    "wsinv": (481, "well formed, and in a dialog that we do not have"),
    "intmeth": (501, "an unknown method; everything else in it is allowed"),
    "esc01": (100, "percent signs are not undone"),
    "escnull": (405, REGISTRAR),
    "esc02": (501, "RE%47IST%45R is not REGISTER"),
    "lwsdisp": (200, "no space before the angle bracket"),
    "longreq": (100, "long values, and a topmost Via without a branch"),
    "dblreq": (405, "what stands behind the first message is dropped"),
    "semiuri": (200, "semicolons belong to the user part"),
    "transports": (200, "unknown transports in lower Vias are none of ours"),
    # 3.1.2: invalid
    "badinv01": (400, "a Via that is none"),
    "clerr": (400, "fewer octets than Content-Length says"),
    "ncl": (400, "a negative Content-Length"),
    "scalar02": (400, "numbers beyond all limits"),
    "quotbal": (400, "a quote that is not closed"),
    "ltgtruri": (400, "angle brackets around the Request-URI"),
    "lwsruri": (400, "a space in the Request-URI"),
    "lwsstart": (400, "two spaces in the request line"),
    "trws": (400, "spaces behind the request line"),
    "escruri": (100, "headers in the Request-URI may be ignored"),
    "baddate": (100, "a Date that is none harms nobody"),
    "regbadct": (405, REGISTRAR),
    "badaspec": (200, "spaces within angle brackets may be ignored"),
    "baddn": (200, "a comma in a name may be forgiven"),
    "badvers": (505, "SIP/7.0"),
    "mismatch01": (400, "CSeq names another method"),
    "mismatch02": (400, "the same with an unknown method: 501 or 400"),
    # 3.2, 3.3, 3.4
    "badbranch": (200, "a bare magic cookie is no branch of RFC 3261: told apart as in RFC 2543"),
    "unkscm": (416, "an unknown scheme"),
    "novelsc": (416, "a scheme that is known elsewhere"),
    "unksm2": (405, REGISTRAR),
    "bext01": (420, "required extensions that nobody has"),
    "invut": (415, "a body that we can't read"),
    "regaut01": (405, REGISTRAR),
    "multi01": (400, "headers twice that may be there once"),
    "mcl01": (400, "two lengths"),
    "zeromf": (200, "it has arrived, so Max-Forwards is of no interest"),
    "cparam01": (405, REGISTRAR),
    "cparam02": (405, REGISTRAR),
    "regescrt": (405, REGISTRAR),
    "sdp01": (406, "the caller takes no description for an answer"),
    "inv2543": (400, "no tag in From: who was made before RFC 3261 is told why"),
}
DROPPED = {
    "insuf": "nothing an answer could be made of: it must not break us",
    "unreason": "an answer to somebody else",
    "noreason": "an answer to somebody else",
    "bigcode": "no status at all",
    "scalarlg": "numbers beyond all limits in a response",
    "bcast": "an answer that names 255.255.255.255: not ours",
}


def given(name: str) -> tuple[list[bytes], list[Event], Bench]:
    bench = Bench()
    bench.give((FOLDER / f"{name}.dat").read_bytes())
    return bench.core.to_send(), bench.events(), bench


@pytest.mark.parametrize("name", ANSWERED)
def test_it_is_answered_as_it_deserves(name: str) -> None:
    status, why = ANSWERED[name]
    sent, events, bench = given(name)
    (response,) = sent  # it repeats what was wrong with the request, so it need not pass our own door
    assert response.startswith(b"SIP/2.0 %d " % status), why
    assert [type(event) for event in events] == ([Incoming] if status == 100 else [])
    assert (b"\r\nAllow: INVITE, " in response) == (status in (405, 501) or response.startswith(b"SIP/2.0 200"))
    bench.advance(60)
    assert all(data.startswith(b"SIP/2.0 ") for data in bench.core.to_send())


@pytest.mark.parametrize("name", DROPPED)
def test_it_is_dropped(name: str) -> None:
    sent, events, _ = given(name)
    assert (sent, events) == ([], []), DROPPED[name]


def test_every_message_is_in_one_of_the_tables() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == ANSWERED.keys() | DROPPED.keys()


def test_what_their_values_are() -> None:
    def request(name: str) -> Request:
        message = check((FOLDER / f"{name}.dat").read_bytes())
        assert isinstance(message, Request)
        return message

    tortuous = request("wsinv")
    assert (tortuous.to.tag, tortuous.from_.name, tortuous.sequence) == ("1918181833n", 'J Rosenberg \\"', 9)
    assert len(tortuous.items("Via")) == 3
    assert tortuous.first("Subject") == ""
    assert len(tortuous.body) == 150
    odd = request("intmeth")
    assert odd.from_.tag == "_token~1'+`*%!-."
    assert (odd.to.name, odd.from_.parameter("fromparam''~+*_!.-%")) == ("BEL: NUL: DEL:", "работающий")
    assert request("esc01").from_.uri == "sip:I%20have%20spaces@example.net"
    assert len(request("longreq").items("Via")) == 34
    assert request("esc02").items("Contact") == ("<sip:alias1@host1.example.com>", "<sip:alias3@host3.example.com>")
    assert b"Unsupported: nothingSupportsThis, nothingSupportsThisEither\r\n" in given("bext01")[0][0]
    fine = check((FOLDER / "unreason.dat").read_bytes())
    assert isinstance(fine, Response)
    assert fine.reason.endswith("простое")
    assert isinstance(check((FOLDER / "bigcode.dat").read_bytes()), Refused)
