"""`intercom fleet demo`: a broker, some units and the dashboard on this machine, until Ctrl-C."""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Final

from appliance.cli.arguments import checked, complain, positive_count
from appliance.cli.exit_codes import ExitCode
from appliance.errors import DriverError

_PACE: Final = 8.0  # times as often as in life things go wrong: a demonstration is short
_BUSY: Final = 0.15


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.description = f"{parser.description} Everything lives in a folder that is removed at the end."
    parser.add_argument("--units", type=checked(positive_count, "a number from 1"), default=50, metavar="N")
    parser.add_argument(
        "--broker", type=Path, default=Path("deploy/broker"), metavar="FOLDER", help="its configuration: deploy/broker"
    )
    parser.add_argument(
        "--page", type=Path, default=Path("build/dashboard"), metavar="FOLDER", help="what `make dashboard` has built"
    )
    parser.add_argument("--port", type=int, default=0, metavar="PORT", help="of the page; default: a free one")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it. Raises `UsageError`."""
    for file, remedy in (
        (arguments.page / "index.html", "make dashboard"),
        (arguments.broker / "intercom.conf", "it is deploy/broker of the source tree"),
    ):
        if not file.is_file():
            complain("intercom fleet demo", f"there is no {file}: {remedy}")
            return ExitCode.USAGE
    templates, page = arguments.broker.resolve(), arguments.page.resolve()
    try:
        with tempfile.TemporaryDirectory(prefix="intercom-fleet-") as folder:
            asyncio.run(_demonstrate(arguments.units, Path(folder), templates, page, arguments.port))
    except DriverError as error:
        complain("intercom fleet demo", str(error))
        return ExitCode.USAGE
    return ExitCode.DONE


async def _demonstrate(units: int, folder: Path, templates: Path, page: Path, port: int) -> None:
    from appliance.app.fleet.access import certified  # noqa: PLC0415 -- `--help` answers at once
    from appliance.app.fleet.broker import FleetBroker  # noqa: PLC0415
    from appliance.app.fleet.places import places  # noqa: PLC0415
    from appliance.app.fleet.run import Fleet  # noqa: PLC0415
    from appliance.app.fleet.telephone import Traffic  # noqa: PLC0415
    from appliance.app.stopping import stopping_signals  # noqa: PLC0415

    stop = asyncio.Event()
    with stopping_signals(stop.set):
        async with FleetBroker(folder, templates, page, page_port=port) as broker:
            settings = certified(broker.certificates, broker.host, broker.port)
            async with Fleet(places(units), settings, traffic=Traffic(busy=_BUSY, pace=_PACE)):
                print(f"The dashboard of {units} units: {broker.url}")
                for account, word in broker.passwords.items():
                    # These words live as long as this command, on this machine alone.
                    print(f"  {account:10}  {word.reveal()}")
                print("Ctrl-C ends it.", flush=True)
                await stop.wait()
