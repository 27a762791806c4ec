"""Every word in every language, and that it is seen whole where it stands."""

import dataclasses

import pytest

from appliance.phone.canvas import Font, drawable, width, wrapped
from appliance.phone.gallery import SETTINGS, STORIES, told
from appliance.phone.ports import DISPLAY_WIDTH
from appliance.phone.screen import ScreenKind
from appliance.phone.words import ENGLISH, Words
from appliance.phone.words_german import GERMAN
from appliance.phone.words_spanish import SPANISH

LANGUAGES = {"english": ENGLISH, "german": GERMAN, "spanish": SPANISH}
HINTS = [field.name for field in dataclasses.fields(Words) if "hint" in field.name]
HINTS += ["lift_to_call", "hash_calls", "hang_up_cancels", "lift_answers", "replace_handset"]
ROWS = [field.name for field in dataclasses.fields(Words) if field.name.startswith("recall_")]
WITH_ICON = (
    "offline",
    "refused",
    "handset_off",
    "busy",
    "call_failed",
    "call_ended",
    "not_allowed",
    "could_not_connect",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_in_english_or_without_letters(language: str) -> None:
    words = LANGUAGES[language]
    assert set(words.reasons) == set(ENGLISH.reasons)
    assert set(words.classes) == set(ENGLISH.classes)
    for field in dataclasses.fields(Words):
        value = getattr(words, field.name)
        if isinstance(value, str):
            assert value == drawable(value) != ""
            assert words is ENGLISH or value != getattr(ENGLISH, field.name), field.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_seen_whole(language: str) -> None:
    words = LANGUAGES[language]
    for name in HINTS:
        assert width(getattr(words, name), Font.SMALL) <= DISPLAY_WIDTH, name
    for name in ROWS:
        assert width(getattr(words, name), Font.BODY) <= DISPLAY_WIDTH - 6, name
    assert width(f"{words.recall_join}   {words.recall_transfer}", Font.SMALL) <= DISPLAY_WIDTH
    room = DISPLAY_WIDTH - 30
    sentences = [getattr(words, name) for name in WITH_ICON]
    for sentence in (*sentences, *words.reasons.values(), *words.classes.values()):
        assert " ".join(wrapped(sentence, Font.MEDIUM, room, 2)) == sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_of_a_story_is_told_in_its_language(language: str) -> None:
    settings = dataclasses.replace(SETTINGS, words=LANGUAGES[language])
    kinds = {told(story, settings).kind for story in STORIES.values()}
    assert kinds == set(ScreenKind)
