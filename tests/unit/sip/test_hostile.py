"""Whatever a peer sends, in whatever state: the core never raises, loops or grows, and what it sends is sound.

Sound messages of every kind are mutated as a broken or hostile peer would: bytes flipped, lines lost, doubled, swapped,
values replaced by troublesome ones, and whole messages repeated, out of turn.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.sip.events import Event, HeaderPairs, Incoming, Offered, Referred, RequestReceived, Subscribing
from appliance.sip.message import Message, Request, respond
from appliance.sip.sanity import Refused, check
from tests.unit.sip.bench import ANSWER, OFFER, OTHER, Bench

T = TypeVar("T")


class Draw(Protocol):
    """How hypothesis hands out what it chose."""

    def __call__(self, strategy: st.SearchStrategy[T]) -> T: ...


TROUBLE = (
    *("", " ", ",", ";", '"', "<", ">", "<>", ":", "\\", "=", "%", "\x00", "\n", "\r", "é", "\ud7ff", "-1", "0"),
    *("99999999999999999999", "2147483647", "x" * 9000, ";tag=", ";tag=peer", "<sip:>", "sip:", "sip:a@b", "tel:1"),
    *("<sip:a@b>;tag=z,<sip:c@d>", '"\\', "SIP/2.0/WSS a;branch=", "SIP/2.0/WSS a;branch=z9hG4bK", "1 INVITE"),
    *("1 ACK", "2147483647 BYE", "Digest", 'Digest realm="a",nonce="b",qop="auth,auth-int"', "Digest realm=,nonce=,"),
    *('Digest realm="a', "application/sdp", "multipart/mixed", "٣", "SIP;cause=x", "*", "a" * 300 + "@" + "b" * 300),
    *("," * 4000, '",' * 2000, 'a="b",' * 1000, ";a=b" * 2000),
)
METHODS = (
    *("INVITE", "ACK", "CANCEL", "BYE", "UPDATE", "INFO", "OPTIONS", "MESSAGE", "NOTIFY", "REFER", "SUBSCRIBE"),
    *("REGISTER", "PRACK", "X"),
)
STATUSES = (100, 180, 183, 200, 202, 302, 401, 407, 408, 422, 423, 481, 486, 487, 491, 500, 503, 603)


def _fresh() -> tuple[Bench, Message]:
    bench = Bench()
    bench.core.authenticate("alice", "secret")
    return bench, bench.peer_request("OPTIONS")


def _registering() -> tuple[Bench, Message]:
    bench = Bench()
    bench.core.register("alice", "secret", now=bench.now)
    return bench, bench.request("REGISTER")


def _calling() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    return bench, bench.called()[1]


def _early() -> tuple[Bench, Message]:
    bench, request = _calling()
    assert isinstance(request, Request)
    bench.answer(request, 183, body=ANSWER)
    return bench, request


def _ringing_reliably() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    invite, _ = bench.ringing(headers=(("Require", "100rel"),))
    bench.core.provisional(invite, 183, body=ANSWER, now=bench.now)
    (response,) = bench.sent()
    return bench, response


def _cancelled() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    invite, request = bench.called()
    bench.answer(request, 180)
    bench.core.cancel(invite, now=bench.now)
    return bench, request


def _offerless() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    _, request = bench.called(None)
    bench.answer(request, 200, body=OFFER)
    return bench, request


def _established() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    return bench, bench.established()[1]


def _reoffering() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    invite, _ = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    return bench, bench.request("INVITE")


def _ended() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    invite, _ = bench.established()
    bench.core.bye(invite, now=bench.now)
    return bench, bench.request("BYE")


def _ringing() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    return bench, bench.ringing()[1]


def _answered() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    return bench, bench.answered()[1]


def _talking() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    return bench, bench.talking()[1]


def _offered() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    _, answer = bench.talking()
    bench.give(bench.in_dialog("INVITE", answer, sequence=2, body=OTHER))
    return bench, answer


def _reconnected() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    bench.established()
    bench.core.disconnected("gone", bench.now)
    bench.core.connected(bench.now, url="wss://sip.test")
    return bench, bench.request("UPDATE")


def _subscribing() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    bench.core.subscriptions.subscribe("bob", "dialog", now=bench.now)
    return bench, bench.request("SUBSCRIBE")


def _subscribed() -> tuple[Bench, Message]:
    bench, request = _subscribing()
    assert isinstance(request, Request)
    bench.answer(request, 200)
    return bench, request


def _referring() -> tuple[Bench, Message]:
    bench, _ = _fresh()
    invite, _ = bench.established()
    bench.core.subscriptions.refer(invite, "carol", now=bench.now)
    return bench, bench.request("REFER")


STATES: tuple[Callable[[], tuple[Bench, Message]], ...] = (
    *(_fresh, _registering, _calling, _early, _cancelled, _offerless, _established, _reoffering, _ended),
    *(_ringing, _answered, _talking, _offered, _reconnected, _subscribing, _subscribed, _referring),
    _ringing_reliably,
)


def further_headers(draw: Draw, known: Message) -> HeaderPairs:
    """What a request may say of subscriptions, and of calls to be called or replaced."""
    state = draw(st.sampled_from(("active;expires=60", "terminated;reason=timeout", "pending", "x;expires=x")))
    dialog = f"{known.call_id};to-tag={known.from_.tag};from-tag=peer"
    return draw(
        st.sampled_from(
            (
                (),
                (("Event", "dialog"), ("Subscription-State", state), ("Expires", "60")),
                (("Event", "refer;id=2"), ("Subscription-State", state)),
                (("Refer-To", "<sip:carol@sip.test?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>"), ("Refer-Sub", "false")),
                (("Refer-To", "<sip:carol@sip.test>"), ("Referred-By", "<sip:bob@sip.test>")),
                (("Replaces", dialog), ("Require", "replaces")),
                (("Supported", "timer, 100rel"), ("Session-Expires", "60"), ("Min-SE", "90")),
                (("Require", "100rel"), ("RAck", "1 1 INVITE")),
            )
        )
    )


def sound(draw: Draw, bench: Bench, known: Message) -> bytes:
    """A message that fits, more or less: an answer to what we sent last, or a request in or out of the dialog."""
    body = draw(st.sampled_from((b"", OFFER, ANSWER)))
    if isinstance(known, Request) and known.via.sent_by.endswith(".invalid") and draw(st.booleans()):
        tag = draw(st.sampled_from(("peer", "other", "")))
        status = draw(st.sampled_from(STATUSES))
        headers = draw(
            st.sampled_from(
                (
                    (),
                    (("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"'),),
                    (("Proxy-Authenticate", 'Digest realm="r", nonce="n", stale=true'),),
                    (("Min-Expires", "300"),),
                    (("Min-SE", "3600"),),
                    (("Session-Expires", "90;refresher=uac"),),
                    (("Require", "100rel"), ("RSeq", "7")),
                    (("Contact", known.first("Contact") or ""), ("Expires", "60")),
                )
            )
        )
        own = (("Contact", "<sip:x@h>"), ("Record-Route", "<sip:p;lr>"), ("Content-Type", "application/sdp"))
        return respond(known, status, tag=tag, headers=(*headers, *own), body=body).render()
    method = draw(st.sampled_from(METHODS))
    sequence = draw(st.integers(0, 5))
    branch = draw(st.sampled_from(("", known.via.branch)))
    headers = further_headers(draw, known)
    if draw(st.booleans()):
        return bench.peer_request(method, sequence=sequence, branch=branch, body=body, headers=headers).render()
    local, remote = (known.from_.tag, "peer") if known.via.sent_by.endswith(".invalid") else (known.to.tag, "peer")
    return bench.peer_request(
        method,
        sequence=sequence,
        branch=branch,
        body=body,
        headers=headers,
        call_id=known.call_id,
        from_tag=remote,
        to_tag=local,
    ).render()


def mutated(draw: Draw, data: bytes) -> bytes:
    """`data` after one to three accidents."""
    for _ in range(draw(st.integers(0, 3))):
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        index = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 8)):
            case 0:
                del lines[index]
            case 1:
                lines.insert(draw(st.integers(0, len(lines))), lines[index])
            case 2:
                other = draw(st.integers(0, len(lines) - 1))
                lines[index], lines[other] = lines[other], lines[index]
            case 3:
                name = lines[index].partition(b":")[0]
                lines[index] = name + b": " + draw(st.sampled_from(TROUBLE)).encode(errors="replace")
            case 4:
                place = draw(st.integers(0, len(lines[index])))
                value = draw(st.sampled_from(TROUBLE)).encode(errors="replace")
                lines[index] = lines[index][:place] + value + lines[index][place:]
            case 5:
                place = draw(st.integers(0, max(0, len(lines[index]) - 1)))
                lines[index] = lines[index][:place] + draw(st.binary(max_size=4)) + lines[index][place + 1 :]
            case 6:
                lines[index] = lines[index][: draw(st.integers(0, len(lines[index])))]
            case 7:
                body = body[: draw(st.integers(0, len(body)))] + draw(st.binary(max_size=20))
            case _:
                return data[: draw(st.integers(0, len(data)))]
        data = b"\r\n".join(lines) + b"\r\n\r\n" + body
    return data


def is_sound(data: bytes) -> bool:
    """Whether what we sent passes our own door. A 400 and the like echo what was wrong with the request."""
    return data == b"\r\n" or not isinstance(check(data), Refused) or data.startswith((b"SIP/2.0 4", b"SIP/2.0 5"))


def size(bench: Bench) -> int:
    """How much the core remembers."""
    transactions, requests = bench.core._endpoint.transactions, bench.core._peer_requests
    waiting = len(transactions._clients) + len(transactions._servers) + len(requests._undecided)
    return waiting + len(bench.core._usages) + len(bench.core.subscriptions._all)


def react(bench: Bench, event: Event) -> None:
    """Do what an owner does."""
    match event:
        case Offered():
            bench.core.accept_offer(event.offer_id, ANSWER, now=bench.now)
        case Incoming():
            bench.core.answer(event.invite, ANSWER, now=bench.now)
        case Referred() | Subscribing():
            bench.core.subscriptions.accept(event.subscription, bench.now)
            bench.core.subscriptions.notify(event.subscription, "a/b", b"x", now=bench.now)
        case RequestReceived(method="MESSAGE"):
            bench.core.respond(event.request, 200, now=bench.now)


@pytest.mark.fuzz
@given(st.data())
def test_no_message_in_any_state_harms(data: st.DataObject) -> None:
    bench, known = data.draw(st.sampled_from(STATES))()
    bench.sent()
    given_ = 0
    for _ in range(data.draw(st.integers(1, 6))):
        message = mutated(data.draw, sound(data.draw, bench, known))
        for _ in range(data.draw(st.sampled_from((1, 1, 2)))):
            given_ += 1
            bench.give(message)
            sent = bench.core.to_send()
            assert len(sent) <= 6, "no amplification"
            assert all(map(is_sound, sent)), sent
            for event in bench.events():
                react(bench, event)
        bench.advance(data.draw(st.sampled_from((0.0, 0.0, 0.6, 5.0, 33.0))))
        assert all(map(is_sound, bench.core.to_send()))
    assert size(bench) <= 8 + 6 * given_
    bench.core.close(bench.now)
    bench.core.disconnected("gone", bench.now)
    bench.advance(4000.0)
    bench.events()
    assert size(bench) == 0, "everything ends"
    assert bench.core.deadline() is None


@pytest.mark.fuzz
@given(
    st.lists(st.one_of(st.binary(max_size=300), st.sampled_from(TROUBLE).map(lambda text: text.encode())), max_size=5)
)
def test_any_bytes_are_survived(messages: list[bytes]) -> None:
    bench, _ = _established()
    for message in messages:
        bench.give(message)
    assert bench.events() == []
