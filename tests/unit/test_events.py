"""Who hears what."""

from dataclasses import dataclass

from appliance.events import Emitter, event_name


@dataclass(frozen=True)
class Rang:
    number: int


@dataclass(frozen=True)
class LevelChanged:
    level: float


def test_everybody_hears_everything_but_what_is_told_on_demand() -> None:
    emitter: Emitter[Rang | LevelChanged] = Emitter(on_demand=(LevelChanged,))
    every: list[object] = []
    levels: list[LevelChanged] = []
    rings: list[Rang] = []
    emitter.subscribe(every.append)
    emitter.subscribe(levels.append, LevelChanged)
    emitter.subscribe(rings.append, Rang)
    emitter.emit(Rang(1))
    emitter.emit(LevelChanged(0.5))
    assert (every, levels, rings) == ([Rang(1)], [LevelChanged(0.5)], [Rang(1)])


def test_demand_is_known_and_its_changes_are_told() -> None:
    changes: list[bool] = []
    emitter: Emitter[Rang | LevelChanged] = Emitter(
        on_demand=(LevelChanged,), demand_changed=lambda: changes.append(emitter.wanted(LevelChanged))
    )
    end_of_all = emitter.subscribe(lambda _: None)
    assert not emitter.wanted(LevelChanged)
    assert emitter.wanted(Rang)
    end = emitter.subscribe(lambda _: None, LevelChanged)
    end()
    end()
    end_of_all()
    assert changes == [False, True, False, False]
    assert not emitter.wanted(Rang)


def test_one_that_fails_keeps_nothing_from_the_others() -> None:
    emitter: Emitter[Rang] = Emitter()
    heard: list[Rang] = []

    def fail(_: Rang) -> None:
        raise RuntimeError("as expected by this test")

    emitter.subscribe(fail)
    emitter.subscribe(heard.append)
    emitter.emit(Rang(1))
    assert heard == [Rang(1)]


def test_names() -> None:
    assert event_name(LevelChanged(0.0)) == event_name(LevelChanged) == "level_changed"
