"""The pictures of deploy/README.md: `make pictures`, or `python -m tests.support.dashboard_pictures FOLDER [UNITS]`.

A broker, simulated units and a browser, as in the dashboard's tests; some doors are opened meanwhile.
"""

import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from appliance.app.fleet.access import certified
from appliance.app.fleet.broker import FleetBroker
from appliance.app.fleet.places import places
from appliance.app.fleet.run import Fleet
from appliance.app.fleet.telephone import Traffic
from tests.support.fleet_client import FleetClient
from tests.support.mqtt_unit import until
from tests.support.wall import PAGE, PHONE, WALL, Chromium
from tests.support.wall import Wall as Page

DEPLOY = Path(__file__).parents[2] / "deploy" / "broker"
TRAFFIC = Traffic(busy=0.08, pace=4.0)
LIVED = 75.0  # seconds, so that there is something to see


async def draw(folder: Path, units: int) -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory(prefix="pictures-") as kept:
        async with (
            FleetBroker(Path(kept), DEPLOY, PAGE) as broker,
            Fleet(
                places(units, seed=3), certified(broker.certificates, broker.host, broker.port), traffic=TRAFFIC
            ) as fleet,
            Chromium() as chromium,
        ):
            await until(lambda: fleet.connected > 0.98 * units, seconds=600)
            wall = await chromium.wall(broker, size=WALL)
            keeper = await chromium.wall(broker, "doorkeeper", "#/units?show=calls")
            phone = await chromium.wall(broker, size=PHONE, scale=2.0)
            light = await chromium.wall(broker, address="#/units?order=severity", scheme="light")
            doors = [unit.place.name for unit in fleet.units if unit.place.has_door]
            for name in doors[:: max(1, len(doors) // 6)]:
                await asyncio.to_thread(open_door, broker, name)
                await asyncio.sleep(LIVED / 7)
            await asyncio.sleep(LIVED / 7)
            await look_at_worst_call(keeper)
            for page, name in ((wall, "wall"), (keeper, "unit"), (light, "units"), (phone, "phone")):
                await page.page.screenshot(path=folder / f"{name}.png")
                print(folder / f"{name}.png")


async def look_at_worst_call(page: Page) -> None:
    """Open the unit whose call sounds worst, and watch it for a while."""
    await page.go("#/units?show=calls&order=mos")
    await page.page.locator(".unit-row").first.click()
    await asyncio.sleep(20)


def open_door(broker: FleetBroker, unit: str) -> None:
    """As a doorkeeper does."""
    command = {"id": f"picture-{unit.replace('/', '.')}", "time": datetime.now(UTC).isoformat(), "by": "porter"}
    with FleetClient(broker, account="doorkeeper") as keeper:
        keeper.publish(f"intercom/v1/{unit}/cmd/door_open", json.dumps(command))


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(draw(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 600))
