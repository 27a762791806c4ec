"""The dashboard in Chromium, on the broker of `deploy/broker`, with 200 simulated units.

One broker, one fleet and one browser for all of these: `UNITS=1000` in the environment makes it larger.
"""

import asyncio
import contextlib
import os
import re
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Dialog

from appliance.app.fleet.access import certified
from appliance.app.fleet.broker import FleetBroker
from appliance.app.fleet.places import Place, places
from appliance.app.fleet.run import Fleet
from appliance.app.fleet.telephone import Traffic
from tests.support.mqtt_unit import until
from tests.support.ports import LOOPBACK, free_port
from tests.support.require import require
from tests.support.wall import DESK, PAGE, PHONE, Chromium, Wall

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

DEPLOY = Path(__file__).parents[2] / "deploy" / "broker"
UNITS = int(os.environ.get("UNITS", "200"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FleetBroker]:
    require("mosquitto", package="mosquitto")
    async with FleetBroker(tmp_path_factory.mktemp("fleet"), DEPLOY, PAGE) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet(broker: FleetBroker) -> AsyncIterator[Fleet]:
    everybody = places(UNITS, seed=7)
    traffic = Traffic(busy=0.2, faults=False)
    async with Fleet(everybody, certified(broker.certificates, broker.host, broker.port), traffic=traffic) as running:
        await until(lambda: running.connected == UNITS, seconds=240)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    async with Chromium() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_wall(broker: FleetBroker, fleet: Fleet, chromium: Chromium) -> AsyncIterator[Wall]:
    """One page of somebody who only sees, for all tests: a page takes longer to open than to look at."""
    wall = await chromium.wall(broker)
    yield wall
    await wall.close()


@pytest_asyncio.fixture(loop_scope="module")
async def wall(one_wall: Wall) -> Wall:
    """The same, at its beginning, with everybody on it."""
    await one_wall.go("#/")
    await one_wall.until_online(UNITS, seconds=120)
    return one_wall


def door(fleet: Fleet) -> Place:
    return next(unit.place for unit in fleet.units if unit.place.has_door)


async def command(wall: Wall, name: str) -> str:
    """Press the button of a command; the unit's last word."""
    await wall.page.locator(f"[data-command={name}]").click()
    status = wall.page.locator(".answers li").first.locator(".status")
    words = await wall.until(f"an answer to {name}", status.inner_text, lambda text: text not in {"sent", "accepted"})
    return str(words)


async def test_everything_is_on_the_wall_and_lives(broker: FleetBroker, fleet: Fleet, chromium: Chromium) -> None:
    wall = await chromium.wall(broker)
    began = time.monotonic()
    await wall.until_online(UNITS)
    settled = time.monotonic() - began
    page = wall.page
    calls = await wall.until("calls", lambda: wall.tile("calls"), lambda text: int(text.replace(",", "")) > UNITS / 20)
    await wall.until("MOS of calls", lambda: wall.tile("sound"), lambda text: re.match(r"[1-4]\.\d", text))
    assert await page.locator(".board .card").count() == len({unit.place.site for unit in fleet.units})
    shown = await page.locator(".calls-now li").count()
    assert shown == min(40, int(await page.locator(".calls-now .total").inner_text())), calls
    assert await page.locator(".versions li").count() == 3
    await wall.until("another minute of talking", page.locator(".calls-now .since").first.inner_text, bool)
    before = await page.locator(".calls-now .since").all_inner_texts()
    await wall.until("time goes on", page.locator(".calls-now .since").all_inner_texts, lambda now: now != before)
    delay = await wall.until("delays", page.locator(".latency").inner_text, lambda text: "ms" in text)
    first, signed = await page.evaluate(
        "['first units', 'signed in'].map(name => performance.getEntriesByName(name)[0].startTime)"
    )
    print(f"\n{UNITS} units: first of them {first - signed:.0f} ms after signing in, all {settled:.1f} s; {delay}")


async def test_what_happens_to_a_unit_is_seen_at_once(wall: Wall, fleet: Fleet) -> None:
    unit = fleet.units[3]
    unit.power_cut(down=600.0)
    await wall.until("the will", wall.online, lambda found: found == (UNITS - 1, UNITS))
    row = wall.page.locator(".attention li", has_text="gone without a goodbye")
    assert unit.place.info.label in await row.first.inner_text()
    unit.power_cut(down=0.0)
    await wall.until_online(UNITS)
    assert await row.count() == 0


async def test_from_the_wall_to_one_unit_by_mouse_and_by_keyboard(wall: Wall, fleet: Fleet) -> None:
    page = wall.page
    site = fleet.units[0].place.site
    there = sum(unit.place.site == site for unit in fleet.units)
    await page.get_by_role("link", name=re.compile(f"^{site}[ 0-9]")).click(position={"x": 20, "y": 12})
    await wall.until("the site's units", page.locator(".tools .total").inner_text, lambda text: f"{there} of" in text)
    await page.locator(".unit-row").first.click()
    dialog = page.get_by_role("dialog")
    assert site in await dialog.locator(".place").inner_text()
    facts = await dialog.locator(".facts").inner_text()
    assert "Raspberry Pi" in facts
    await page.keyboard.press("Escape")
    await wall.until("it is closed", dialog.count, lambda count: count == 0)
    assert f"site={site}" in page.url

    await page.get_by_role("combobox", name="Site").select_option("")
    grid = page.get_by_role("grid")
    await page.locator(".unit-row").first.focus()
    await page.keyboard.press("End")
    last = await wall.until("the last row", lambda: page.locator(".unit-row:focus .place").inner_text(), bool)
    assert await page.locator(".unit-row:visible").count() < 60, "only the rows in sight exist"
    assert await grid.get_attribute("aria-rowcount") == str(UNITS + 1)
    await page.keyboard.press("Enter")
    assert await dialog.locator(".place").inner_text() == last
    await page.keyboard.press("Escape")

    await page.get_by_role("searchbox").fill(f"desk {fleet.units[0].place.site}")
    await wall.until(
        "what was looked for", page.locator(".unit-row .place").first.inner_text, lambda text: "desk" in text
    )


async def test_an_operator_commands_and_the_unit_answers(broker: FleetBroker, fleet: Fleet, chromium: Chromium) -> None:
    place = door(fleet)
    wall = await chromium.wall(broker, "operator", f"#/unit/{place.name}")
    page = wall.page
    await page.locator("[data-command=volume]").wait_for()
    await page.get_by_label("Volume in percent").fill("35")
    assert await command(wall, "volume") == "done"
    volume = page.locator(".facts div", has=page.locator("dt", has_text="Volume")).locator("dd")
    await wall.until("the new volume", volume.inner_text, lambda text: text == "35 %")
    await page.get_by_label("Words on the display").fill("Meeting until 12")
    assert await command(wall, "show_text") == "done"
    assert (await command(wall, "self_test")).startswith("running")
    status = page.locator(".answers li").first.locator(".status")
    await wall.until("the self test", status.inner_text, lambda text: text == "done")
    assert await page.locator("[data-command=door_open]").count() == 0
    await page.locator(".events li", has_text="audit").first.wait_for()
    await wall.close()


async def test_a_doorkeeper_opens_a_door_and_the_wall_sees_it(
    wall: Wall, broker: FleetBroker, fleet: Fleet, chromium: Chromium
) -> None:
    place = door(fleet)
    keeper = await chromium.wall(broker, "doorkeeper", f"#/unit/{place.name}")
    asked: list[str] = []

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await (dialog.accept() if len(asked) > 1 else dialog.dismiss())

    keeper.page.on("dialog", answer)
    button = keeper.page.locator("[data-command=door_open]")
    await button.click()
    assert await keeper.page.locator(".answers li").count() == 0, "nothing was sent"
    assert await command(keeper, "door_open") == "done"
    assert [place.info.label in text for text in asked] == [True, True]
    row = wall.page.locator(".doors li").first
    await wall.until("the door", row.inner_text, lambda text: "opened by doorkeeper" in text)
    await keeper.close()


async def test_a_dashboard_only_sees(wall: Wall, fleet: Fleet) -> None:
    await wall.go(f"#/unit/{door(fleet).name}")
    await wall.page.get_by_text("This account sees and does not command.").wait_for()
    assert await wall.page.locator("[data-command]").count() == 0


async def test_a_wrong_password_is_said_and_forgotten(broker: FleetBroker, chromium: Chromium) -> None:
    wall = await chromium.wall(broker)
    await wall.page.get_by_role("button", name="Sign out").click()
    await wall.sign_in(broker.url, "dashboard", "not the word")
    await wall.page.get_by_role("alert").get_by_text("does not know this account").wait_for()
    assert await wall.page.evaluate("Object.keys(sessionStorage).length + Object.keys(localStorage).length") == 0
    await wall.close()


@contextlib.asynccontextmanager
async def encrypted(broker: FleetBroker, folder: Path) -> AsyncIterator[str]:
    """The TLS of `deploy/broker` in front of the page."""
    program, port = require("stunnel4", package="stunnel4"), free_port()
    text = (DEPLOY / "stunnel.conf").read_text()
    for installed, here in (
        ("accept = 9443", f"accept = {LOOPBACK}:{port}"),
        ("127.0.0.1:9001", f"{LOOPBACK}:{broker.page_port}"),
        ("/etc/mosquitto/intercom/", f"{broker.certificates.root.parent}/"),
        ("setuid = stunnel4\nsetgid = stunnel4\n", ""),
    ):
        assert installed in text
        text = text.replace(installed, here)
    file = folder / "stunnel.conf"
    file.write_text(text)
    process = await asyncio.create_subprocess_exec(program, file, stderr=asyncio.subprocess.DEVNULL)
    try:
        await until(lambda: accepts(port))
        yield f"https://{LOOPBACK}:{port}/"
    finally:
        process.terminate()
        await process.wait()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


async def test_the_page_and_its_connection_are_encrypted(
    broker: FleetBroker, fleet: Fleet, chromium: Chromium, tmp_path: Path
) -> None:
    async with encrypted(broker, tmp_path) as url:
        wall = await chromium.wall(broker, url=url)
        await wall.until_online(UNITS)
        assert await wall.page.evaluate("location.protocol") == "https:"
        await wall.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_everybody_can_use_it(wall: Wall, fleet: Fleet, scheme: str) -> None:
    """Names, roles, order and contrast (WCAG 2.2 A and AA), as axe-core finds them."""
    await wall.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for address, there in views(fleet):
        await wall.go(address)
        await wall.page.locator(there).first.wait_for()
        violations = await wall.violations()
        assert not violations, f"{address}: {violations}"
    await wall.page.emulate_media(color_scheme="dark")


def views(fleet: Fleet) -> tuple[tuple[str, str], ...]:
    """The address of each view, and what is on it."""
    return (
        ("#/", ".board .card"),
        ("#/units", ".unit-row"),
        (f"#/unit/{fleet.units[0].place.name}", "dialog .facts dd"),
    )


async def test_a_phone_shows_the_same(wall: Wall, fleet: Fleet) -> None:
    await wall.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for address, there in views(fleet):
        await wall.go(address)
        await wall.page.locator(there).first.wait_for()
        assert await wall.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    await wall.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})


async def test_a_broker_that_restarts_is_seen_and_everything_comes_back(
    wall: Wall, broker: FleetBroker, fleet: Fleet
) -> None:
    await broker.kill()
    await wall.page.get_by_role("alert").get_by_text("The broker is not there since").wait_for(timeout=20_000)
    await until(lambda: fleet.connected == 0, seconds=60)
    began = time.monotonic()
    await broker.start()
    await wall.page.locator(".dot[data-state=online]").wait_for(timeout=60_000)
    await wall.until_online(UNITS, seconds=120)
    print(f"\n{UNITS} units and the page are back {time.monotonic() - began:.1f} s after the broker")
    await wall.until(
        "none is forgotten", wall.page.locator(".attention").inner_text, lambda text: "not heard" not in text
    )
