import pytest

from appliance.calls.redirection import Redirection

ONE, TWO, THREE = "sip:one@x", "sip:two@x;transport=ws", "sip:three@x"


def begun(limit: int = 5) -> Redirection:
    redirection = Redirection(limit)
    redirection.began("sip:first@x")
    return redirection


def test_the_targets_are_tried_in_their_order() -> None:
    redirection = begun()
    assert redirection.next(302, (ONE, TWO)) == ONE
    assert redirection.next(486, ()) == TWO
    assert redirection.next(480, ()) == ""


def test_a_target_that_sends_on_comes_before_those_that_wait() -> None:
    redirection = begun()
    assert redirection.next(302, (ONE, TWO)) == ONE
    assert redirection.next(302, (THREE,)) == THREE
    assert redirection.next(404, ()) == TWO


def test_a_loop_ends() -> None:
    redirection = begun()
    assert redirection.next(302, (ONE,)) == ONE
    assert redirection.next(302, ("sip:FIRST@x;user=phone", "sip:one@x?subject=x")) == ""


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_so_many_times_and_no_more(limit: int) -> None:
    redirection = begun(limit)
    followed = [redirection.next(302, (f"sip:{number}@x",)) for number in range(6)]
    assert len([target for target in followed if target]) == limit


def test_what_is_no_sip_uri_is_passed_over() -> None:
    assert begun().next(302, ("mailto:a@b", "tel:1", ONE)) == ONE


def test_a_refusal_for_everywhere_is_the_last_word() -> None:
    redirection = begun()
    assert redirection.next(302, (ONE, TWO)) == ONE
    assert redirection.next(603, ()) == ""
