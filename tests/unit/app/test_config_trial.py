"""A configuration from afar: what may be set, how it is tried, and what is left of it after any start."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.app.config_store import ConfigStore
from appliance.app.config_trial import Layer, Trial
from appliance.app.remote.config_commands import begin
from appliance.config.load import load
from appliance.config.overlay import problems
from appliance.mqtt.command_payloads import ConfigDesired, ConfigState
from appliance.mqtt.commands import desired_of

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LAYER = Layer(version="v2", settings={"dialling": {"patterns": ["1XX"]}})
FILE = """\
[line]
registrars = ["wss://sip.test"]
user = "201"
password = "word"
[dialling]
patterns = ["2XX"]
inter_digit = 5
"""


def test_what_may_be_set_from_afar() -> None:
    assert problems({"dialling": {"patterns": ["1XX"]}, "log": {"level": "debug"}}) == []
    assert problems({"commands": {"allow": ["door_open"]}}) == [
        "commands can't be set from afar; allowed are line, media, audio, dialling, broker, log"
    ]
    for table, key in (("line", "password"), ("broker", "ca_file"), ("dialling", "emergency"), ("audio", "record")):
        (problem,) = problems({table: {key: "x"}})
        assert problem.startswith(f"{table}.{key} can't be set from afar")
    assert problems({"log": "debug"}) == ["log is no table"]


def test_settings_lie_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "unit.toml").write_text(FILE)
    configuration = load(tmp_path / "unit.toml", LAYER.settings)
    assert configuration.dialling.patterns == ("1XX",)
    assert configuration.dialling.inter_digit == 5.0


def test_a_trial_is_confirmed_or_reverted() -> None:
    trial = Trial().applied(LAYER, 60.0, NOW).started(NOW)
    assert (trial.state, trial.now, trial.begun) == (ConfigState.TRIAL, LAYER, True)
    confirmed = trial.confirmed()
    assert (confirmed.state, confirmed.now) == (ConfigState.CONFIRMED, LAYER)
    assert confirmed.started(NOW) == confirmed
    back = trial.reverted("the broker was lost", NOW)
    assert (back.state, back.now, back.tried) == (ConfigState.REVERTED, Layer(), "v2")
    assert not back.wants("v2")
    assert back.wants("v3")
    assert confirmed.rolled_back(NOW).state is ConfigState.OWN


def test_a_service_that_ends_before_its_trial_is_back_at_what_it_had(tmp_path: Path) -> None:
    (tmp_path / "unit.toml").write_text(FILE)
    store = ConfigStore(tmp_path / "state")
    assert begin(tmp_path / "unit.toml", store, NOW) == {}
    store.write(store.read().applied(LAYER, 60.0, NOW))
    assert begin(tmp_path / "unit.toml", store, NOW) == LAYER.settings
    assert begin(tmp_path / "unit.toml", store, NOW) == {}, "a power cut, or a crash, in the middle of the trial"
    kept = store.read()
    assert (kept.state, kept.tried) == (ConfigState.REVERTED, "v2")


def test_a_confirmed_version_that_cant_be_used_any_more_is_left(tmp_path: Path) -> None:
    (tmp_path / "unit.toml").write_text(FILE)
    store = ConfigStore(tmp_path / "state")
    bad = Layer(version="v2", settings={"media": {"ptime": 17}})
    store.write(Trial().applied(bad, 60.0, NOW).confirmed())
    assert begin(tmp_path / "unit.toml", store, NOW) == {}
    assert "ptime" in store.read().problems[0]


def test_a_file_that_cant_be_read_counts_for_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "configuration.json").write_text("{")
    assert ConfigStore(tmp_path).read() == Trial()
    assert "the unit's own configuration counts" in caplog.text


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"version": "v2", "settings": {"log": {}}}', ConfigDesired(version="v2", settings={"log": {}})),
        (b"{}", "cfg/desired is not a JSON object with settings"),
        (b"[]", "cfg/desired is not a JSON object with settings"),
        (b'{"settings": {}}', "version is missing"),
        (b'{"version": "", "settings": {}}', "version is missing"),
        (b'{"version": "a b", "settings": {}}', "version = "),
        (b'{"version": "v2", "settings": {}, "confirm_within": 5}', "confirm_within = 5 can't be used"),
    ],
)
def test_what_a_manager_may_write(payload: bytes, expected: ConfigDesired | str) -> None:
    found = desired_of(payload)
    assert found == expected if isinstance(expected, ConfigDesired) else str(found).startswith(expected)
