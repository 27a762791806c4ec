"""What is heard when several things sound."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.frame import FRAME, Pcm, silence
from appliance.media.mixer import Mixer, Stream
from appliance.media.mixing import mixed
from appliance.units import Dbov, Seconds


def level(value: int) -> Pcm:
    return np.full(FRAME, value, dtype=np.int16)


class Voice:
    """A stream that says one value and notes what it hears."""

    def __init__(self, value: int | None) -> None:
        self.value = value
        self.heard: list[Pcm] = []

    def captured(self, frame: Pcm, _now: Seconds, others: Pcm | None = None) -> None:
        self.heard.append(frame if others is None else mixed([frame, others]))

    def wanted(self, _now: Seconds) -> Pcm | None:
        return None if self.value is None else level(self.value)


class Broken(Voice):
    def captured(self, _frame: Pcm, _now: Seconds, _others: Pcm | None = None) -> None:
        raise ValueError("damaged")

    def wanted(self, _now: Seconds) -> Pcm | None:
        raise ValueError("damaged")


class Beep:
    """A tone of a given number of frames."""

    def __init__(self, frames: int, value: int) -> None:
        self.left = frames
        self.value = value

    @property
    def finished(self) -> bool:
        return self.left <= 0

    def next_frame(self) -> Pcm:
        self.left -= 1
        return level(self.value)

    def stop(self) -> None:
        self.left = min(self.left, 1)


def made() -> tuple[Mixer, list[Stream]]:
    failed: list[Stream] = []
    return Mixer(lambda: Seconds(0.0), failed.append), failed


def test_nothing_sounds_in_an_empty_mixer() -> None:
    mixer, _ = made()
    assert not mixer.listening
    assert not mixer.sounding
    assert not mixer.wanted().any()
    mixer.captured(level(1))


def test_streams_and_tone_are_summed_and_each_stream_hears_the_microphone() -> None:
    mixer, _ = made()
    one, two, quiet = Voice(1000), Voice(-300), Voice(None)
    for voice in (one, two, quiet, one):
        mixer.add(voice)
    mixer.play(Beep(1, 50))
    assert mixer.wanted()[0] == 750
    assert mixer.wanted()[0] == 700
    mixer.captured(level(5))
    assert [len(voice.heard) for voice in (one, two, quiet)] == [1, 1, 1]
    mixer.remove(two)
    assert mixer.wanted()[0] == 1000
    assert mixer.listening


def test_a_tone_gives_way_to_the_next_and_ends() -> None:
    mixer, _ = made()
    mixer.play(Beep(100, 10))
    mixer.play(Beep(2, 1))
    heard = [(int(mixer.wanted()[0]), mixer.sounding) for _ in range(3)]
    assert heard == [(11, True), (1, False), (0, False)]


def test_a_stream_that_fails_is_named_and_does_not_silence_the_others() -> None:
    mixer, failed = made()
    broken, well = Broken(1), Voice(7)
    mixer.add(broken)
    mixer.add(well)
    assert mixer.wanted()[0] == 7
    mixer.captured(level(1))
    assert len(well.heard) == 1
    assert failed == [broken, broken]


@given(st.lists(st.integers(-32_768, 32_767), max_size=6))
def test_the_sum_keeps_its_sign_and_order_and_never_wraps(values: list[int]) -> None:
    total = sum(values)
    out = int(mixed([level(value) for value in values])[0])
    if len(values) < 2 or abs(total) <= 24_000:
        assert out == total
    else:
        assert 24_000 <= abs(out) <= 32_767
        assert (out > 0) == (total > 0)


def test_the_sum_has_the_shape_of_a_frame() -> None:
    for count in range(4):
        frame = mixed([silence() for _ in range(count)])
        assert frame.shape == (FRAME,)
        assert frame.dtype == np.int16


class Processing:
    """Says a constant in place of the microphone, until it breaks; notes what is played."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.reference: list[int] = []

    def played(self, frame: Pcm) -> None:
        self.reference.append(int(frame[0]))

    def processed(self, _frame: Pcm) -> Pcm:
        if not self.works:
            raise RuntimeError("the module is gone")
        return level(77)


def test_the_microphone_is_processed_and_the_reference_is_all_that_the_speaker_gets() -> None:
    mixer, _ = made()
    voice, processing = Voice(1000), Processing()
    mixer.add(voice)
    mixer.process(processing)
    mixer.play(Beep(1, 50))
    mixer.captured(level(5))
    assert mixer.wanted()[0] == 1050
    assert processing.reference == [1050]
    mixer.process(None)
    mixer.captured(level(5))
    mixer.wanted()
    assert [int(frame[0]) for frame in voice.heard] == [77, 5]
    assert processing.reference == [1050]


def test_a_microphone_whose_processing_fails_goes_out_as_it_is() -> None:
    mixer, failed = made()
    voice, processing = Voice(1000), Processing(works=False)
    mixer.add(voice)
    mixer.process(processing)
    for _ in range(2):
        mixer.captured(level(5))
        mixer.wanted()
    assert [int(frame[0]) for frame in voice.heard] == [5, 5]
    assert processing.reference == []
    assert failed == []


def said(voice: Voice) -> list[int]:
    """What a stream heard last, as the value it is made of."""
    return sorted({int(value) for value in voice.heard[-1]})


def test_each_of_a_conference_hears_the_others_and_not_itself() -> None:
    mixer, _ = made()
    one, two, three, aside = Voice(100), Voice(20), Voice(3), Voice(4000)
    for voice in (one, two, three, aside):
        mixer.add(voice)
    mixer.confer((one, two, three))
    for _ in range(5):
        assert set(mixer.wanted()) == {4123}, "who sits at the unit hears everybody"
        mixer.captured(level(7))
    assert [said(voice) for voice in (one, two, three, aside)] == [[30], [110], [127], [7]]
    mixer.confer(())
    mixer.wanted()
    mixer.captured(level(7))
    assert [said(voice) for voice in (one, two, three)] == [[7]] * 3


def test_a_conference_goes_on_when_one_is_silent_or_taken_away() -> None:
    mixer, failed = made()
    one, two, silent = Voice(100), Voice(20), Voice(None)
    for voice in (one, two, silent):
        mixer.add(voice)
    mixer.confer((one, two, silent))
    mixer.wanted()
    mixer.captured(level(7))
    assert [said(voice) for voice in (one, two, silent)] == [[27], [107], [127]]
    mixer.remove(two)
    mixer.wanted()
    mixer.captured(level(7))
    assert [said(voice) for voice in (one, silent)] == [[7], [107]]
    assert failed == []


def test_what_waits_in_a_conference_is_bounded() -> None:
    """Speaker and microphone have clocks of their own: the one that runs ahead loses frames, nothing piles up."""
    mixer, _ = made()
    one, two = Voice(100), Voice(20)
    mixer.add(one)
    mixer.add(two)
    mixer.confer((one, two))
    for _ in range(50):
        mixer.wanted()
    heard = 0
    for _ in range(50):
        mixer.captured(level(0))
        heard += said(one) == [20]
    assert heard == 3


def test_a_talker_hears_himself_in_a_call_and_the_echo_s_reference_does_not() -> None:
    mixer = Mixer(lambda: Seconds(0.0), lambda _: None, side_tone=Dbov(-20.0))
    processing = Processing()
    mixer.process(processing)
    mixer.captured(level(5))
    assert mixer.wanted()[0] == 0, "there is no call"
    mixer.add(Voice(1000))
    mixer.captured(level(5))
    assert mixer.wanted()[0] == 1008, "77 is what the processing says"
    assert mixer.wanted()[0] == 1000, "once"
    assert processing.reference == [0, 1000, 1000]


def test_what_is_too_loud_is_turned_down_and_that_is_the_echo_s_reference() -> None:
    mixer, _ = made()
    processing = Processing()
    mixer.process(processing)
    mixer.add(Voice(32_000))
    frame = mixer.wanted()
    assert 11_500 < frame[0] < 11_700, "-9 dBov"
    assert processing.reference == [int(frame[0])]


def test_a_chime_sounds_beside_a_tone() -> None:
    mixer, _ = made()
    mixer.play(Beep(100, 10))
    mixer.chime(Beep(2, 1))
    assert [int(mixer.wanted()[0]) for _ in range(3)] == [11, 11, 10]
