"""A configuration over Mosquitto: tried, confirmed, reverted, refused; each as `cfg/reported` says."""

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.app.config_store import ConfigStore
from appliance.app.remote.config_commands import ConfigCommands, ConfigFiles, begin
from appliance.app.remote.restart import Restart
from appliance.calls.client import Client, ClientSettings
from appliance.clock import SystemClock
from appliance.mqtt.broker import BrokerLink
from tests.support.mosquitto import Mosquitto, Observer
from tests.support.mqtt_unit import bridge, connected, quick, settings

BASE = "intercom/v1/lobby/door-1"
FILE = '[line]\nregistrars = ["wss://sip.test"]\nuser = "201"\npassword = "word"\n'


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@dataclasses.dataclass
class Unit:
    files: ConfigFiles
    restart: Restart
    configuration: dict[str, Any]
    observer: Observer

    async def reported(self, **wanted: Any) -> Any:
        seen = await self.observer.wait(
            lambda seen: seen.tail == "cfg/reported" and all(seen.value[key] == wanted[key] for key in wanted)
        )
        return seen.value

    async def starts_anew(self) -> None:
        await asyncio.wait_for(self.restart.wanted.wait(), 10.0)


@contextlib.asynccontextmanager
async def start(
    mosquitto: Mosquitto, folder: Path, *, registered: bool = True, permitted: bool = True, trial: float | None = None
) -> AsyncIterator[Unit]:
    """One start of a unit's service; a trial lasts `trial` seconds."""
    own = folder / "unit.toml"
    own.write_text(FILE)
    store = ConfigStore(folder / "state")
    if trial is not None:
        store.write(dataclasses.replace(store.read(), confirm_within=trial))
    configuration = dict(begin(own, store, SystemClock().wall()))
    restart = Restart(Client(ClientSettings(registrars="wss://sip.test", domain="sip.test")))
    files = ConfigFiles(own=own, store=store)
    link = BrokerLink(settings(mosquitto), bridge(), backoff=quick(), filters=(f"{BASE}/cfg/desired",))
    with Observer(mosquitto) as observer:
        async with link:
            await connected(link)
            async with ConfigCommands(files, link, restart, lambda: registered, permitted=permitted):
                yield Unit(files, restart, configuration, observer)


def wish(unit: Unit, version: str, value: dict[str, Any]) -> None:
    document = {"version": version, "settings": value, "confirm_within": 60, "by": "mara"}
    unit.observer.send(f"{BASE}/cfg/desired", json.dumps(document).encode(), retain=True)


async def test_what_is_wanted_is_tried_and_confirmed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with start(mosquitto, tmp_path) as unit:
        await unit.reported(state="own")
        wish(unit, "v2", {"log": {"level": "debug"}})
        await unit.reported(state="trial", version="v2")
        await unit.starts_anew()
    async with start(mosquitto, tmp_path, trial=1.0) as unit:
        assert unit.configuration == {"log": {"level": "debug"}}
        confirmed = await unit.reported(state="confirmed", version="v2")
        assert confirmed["problems"] == []
        assert not unit.restart.wanted.is_set(), "and the version that is still desired is not tried again"
    async with start(mosquitto, tmp_path) as unit:
        assert unit.configuration == {"log": {"level": "debug"}}


async def test_without_the_registrar_it_is_reverted_and_not_tried_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with start(mosquitto, tmp_path) as unit:
        wish(unit, "v3", {"line": {"registrars": ["wss://nowhere.test"]}})
        await unit.starts_anew()
    async with start(mosquitto, tmp_path, trial=1.0, registered=False) as unit:
        reverted = await unit.reported(state="reverted", version="", tried="v3")
        assert reverted["problems"] == ["the registrar was lost"]
        await unit.starts_anew()
    async with start(mosquitto, tmp_path) as unit:
        assert unit.configuration == {}
        await unit.reported(state="reverted", tried="v3")
        await asyncio.sleep(0.5)
        assert not unit.restart.wanted.is_set()


async def test_what_cant_be_used_is_rejected_and_said(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with start(mosquitto, tmp_path) as unit:
        for version, value, problem in (
            ("bad-1", {"commands": {"allow": ["door_open"]}}, "commands can't be set from afar"),
            ("bad-2", {"line": {"password": "x"}}, "line.password can't be set from afar"),
            ("bad-3", {"media": {"ptime": 17}}, "media.ptime = 17 can't be used"),
        ):
            wish(unit, version, value)
            rejected = await unit.reported(state="rejected", tried=version)
            assert problem in rejected["problems"][0]
        assert not unit.restart.wanted.is_set()


async def test_without_permission_nothing_is_tried(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with start(mosquitto, tmp_path, permitted=False) as unit:
        wish(unit, "v9", {"log": {"level": "debug"}})
        await asyncio.sleep(0.5)
        assert [seen.value["state"] for seen in unit.observer.of("cfg/reported") if not seen.retained] == ["own"]
