"""Which microphone, which loudspeaker."""

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from appliance.media.audio_choice import AudioChoice, AudioWishes, chosen, difference
from appliance.media.ports import AudioDeviceInfo


def device(card: str, kind: Literal["audioinput", "audiooutput"]) -> AudioDeviceInfo:
    return AudioDeviceInfo(device_id=f"{card}:{kind[5:]}", kind=kind, label=card, group_id=card)


def cards(*names: str) -> tuple[AudioDeviceInfo, ...]:
    return tuple(each for name in names for each in (device(name, "audioinput"), device(name, "audiooutput")))


def test_without_wishes_it_is_the_first_and_then_what_came_last() -> None:
    assert chosen(cards("a", "b"), AudioWishes()) == AudioChoice("a:input", "a:output", "")
    assert chosen(cards("a", "b"), AudioWishes(), ("b:input", "b:output")) == AudioChoice("b:input", "b:output", "")
    assert chosen((), AudioWishes("a:input")) == AudioChoice("", "", "")


def test_a_wish_counts_while_its_device_is_there() -> None:
    wishes = AudioWishes("b:input", "a:output", "c:output")
    assert chosen(cards("a", "b", "c"), wishes, ("c:input", "c:output")) == AudioChoice(
        "b:input", "a:output", "c:output"
    )
    assert chosen(cards("a"), wishes) == AudioChoice("a:input", "a:output", "")


names = st.lists(st.sampled_from("abcd"), unique=True)


@given(names, names, st.sampled_from(["", "a:input", "b:input"]))
def test_what_is_chosen_is_there_and_both_ways_where_there_are_both(
    there: list[str], latest: list[str], wish: str
) -> None:
    present = cards(*there)
    choice = chosen(present, AudioWishes(wish), [f"{name}:input" for name in latest])
    ids = {each.device_id for each in present}
    assert {choice.microphone, choice.speaker} <= ids | {""}
    assert bool(choice.microphone) == bool(choice.speaker) == bool(there)
    if wish in ids:
        assert choice.microphone == wish


@given(names, names)
def test_a_difference_names_each_once(before: list[str], after: list[str]) -> None:
    added, removed = difference(cards(*before), cards(*after))
    assert {each.group_id for each in added} == set(after) - set(before)
    assert {each.group_id for each in removed} == set(before) - set(after)
    assert len(added) == 2 * len(set(after) - set(before))
