import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls import dialog_info
from appliance.calls.dialog_info import DialogInfo, Document, Lamp, Watched, brightest

HEAD = '<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" entity="sip:bob@x" '
TALKING, RINGING = DialogInfo(state="confirmed"), DialogInfo(state="early", incoming=True)
CALLING, OVER = DialogInfo(state="trying"), DialogInfo(state="terminated")


def test_a_document() -> None:
    body = HEAD + (
        'version="7" state="partial"><dialog id="a" direction="recipient" call-id="c"><state code="180">early</state>'
        "<remote><identity display='Al'>sip:alice@x</identity><target uri='sip:x'/></remote></dialog>"
        '<dialog id="b"><state>confirmed</state></dialog><dialog><state>early</state></dialog>'
        '<dialog id="d"><state>dancing</state></dialog><dialog id="e"/></dialog-info>'
    )
    document = dialog_info.parse(body.encode())
    assert document == Document(
        version=7,
        full=False,
        dialogs={"a": DialogInfo(state="early", incoming=True, remote="sip:alice@x"), "b": TALKING},
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<x/>",
        (HEAD + 'state="full"></dialog-info>').encode(),
        (HEAD + 'version="-1" state="full"></dialog-info>').encode(),
        (HEAD + 'version="1" state="full">').encode(),
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + (HEAD[21:] + 'version="1"></dialog-info>').encode(),
        b"<a>" * 1000,
        b" " * 70_000,
    ],
)
def test_what_is_none(body: bytes) -> None:
    assert dialog_info.parse(body) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(body: bytes) -> None:
    dialog_info.parse(body)
    dialog_info.parse(HEAD.encode() + b'version="1">' + body + b"</dialog-info>")


def test_what_is_written_can_be_read() -> None:
    dialogs = {'a"<b': RINGING, "c": TALKING, "d": CALLING}
    document = dialog_info.parse(dialog_info.render("sip:bob@x?a=<&>", 3, dialogs))
    assert document == Document(version=3, full=True, dialogs=dialogs)


@pytest.mark.parametrize(
    ("dialogs", "lamp"),
    [
        ((), Lamp.IDLE),
        ((OVER,), Lamp.IDLE),
        ((CALLING,), Lamp.CALLING),
        ((DialogInfo(state="proceeding"), RINGING), Lamp.RINGING),
        ((RINGING, TALKING, OVER), Lamp.BUSY),
    ],
)
def test_what_a_lamp_shows(dialogs: tuple[DialogInfo, ...], lamp: Lamp) -> None:
    assert brightest(dialogs)[0] is lamp


def full(version: int, **dialogs: DialogInfo) -> Document:
    return Document(version=version, full=True, dialogs=dialogs)


def partial(version: int, **dialogs: DialogInfo) -> Document:
    return Document(version=version, full=False, dialogs=dialogs)


def shown(watched: Watched) -> Lamp:
    return watched.lamp[0]


def test_changes_add_up() -> None:
    watched = Watched()
    assert watched.lamp == (Lamp.UNKNOWN, "")
    assert watched.told("one", full(0))
    assert watched.lamp == (Lamp.IDLE, "")
    assert watched.told("one", partial(1, a=DialogInfo(state="early", incoming=True, remote="sip:alice@x")))
    assert watched.lamp == (Lamp.RINGING, "sip:alice@x")
    assert watched.told("one", partial(2, b=TALKING))
    assert shown(watched) is Lamp.BUSY
    assert watched.told("one", partial(3, b=OVER))
    assert shown(watched) is Lamp.RINGING
    assert watched.told("one", partial(2, a=OVER)), "a late one changes nothing"
    assert shown(watched) is Lamp.RINGING
    assert not watched.told("one", partial(9, a=OVER)), "some are missing"
    assert watched.told("one", full(10))
    assert shown(watched) is Lamp.IDLE


def test_every_telephone_counts() -> None:
    watched = Watched()
    watched.told("one", full(0))
    watched.told("two", full(0, a=TALKING))
    assert shown(watched) is Lamp.BUSY
    watched.gone("two")
    assert shown(watched) is Lamp.IDLE
    watched.forget()
    assert shown(watched) is Lamp.UNKNOWN
