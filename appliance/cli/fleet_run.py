"""`intercom fleet run`: many simulated units on a broker, to try it and its dashboard."""

import argparse
import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from appliance.cli.arguments import checked, existing_file, positive_count, positive_seconds
from appliance.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from appliance.app.fleet.run import Figures

_BROKER: Final = "an address like mqtts://broker.example.org:8883, or mqtt:// without encryption"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.description = (
        f"{parser.description} Each has a connection of its own, calls with samples of quality, an account at a "
        "registrar that is lost now and then, health, faults and restarts; all of it follows from the seed. How far "
        "the simulation is behind its own time is printed too: more than 0.8 of a core, and the figures are its own."
    )
    count = checked(positive_count, "a number from 1")
    number = checked(positive_seconds, "a number above 0")
    parser.add_argument("--units", required=True, type=count, metavar="N")
    parser.add_argument("--broker", required=True, type=checked(_broker, _BROKER), metavar="URL", help=_BROKER)
    _add_access(parser)
    parser.add_argument("--sites", type=count, default=0, metavar="N", help="default: as many as fit")
    parser.add_argument(
        "--part",
        type=checked(_part, "K/N, like 1/2"),
        default=(1, 1),
        metavar="K/N",
        help="of N processes that are one fleet together, this is the Kth",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another one, another fleet; default: 0")
    share = checked(_share, "a share from 0.001 to 0.9")
    parser.add_argument(
        "--busy", type=share, default=0.05, metavar="SHARE", help="of the units is in a call; default: 0.05"
    )
    parser.add_argument(
        "--pace", type=number, default=1.0, metavar="TIMES", help="as often as in life things go wrong; default: 1"
    )
    parser.add_argument("--rate", type=number, metavar="N", help="units that start in a second; default: all at once")
    parser.add_argument("--seconds", type=number, metavar="N", help="after which it ends")
    parser.add_argument(
        "--every", type=number, default=5.0, metavar="SECONDS", help="from one line of figures to the next; default: 5"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_access(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--authority", type=Path, metavar="FOLDER", help="makes a certificate for each unit there")
    parser.add_argument("--ca", type=existing_file, metavar="FILE", help="certificates (PEM) to trust")
    parser.add_argument("--user", default="", metavar="NAME", help="an account for all of them")
    parser.add_argument("--password-file", type=existing_file, metavar="FILE", help="its password is the first line")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it. Raises `UsageError`."""
    asyncio.run(_run(arguments))
    return ExitCode.DONE


async def _run(arguments: argparse.Namespace) -> None:
    from appliance.app.fleet.access import settings_of  # noqa: PLC0415 -- `--help` answers at once
    from appliance.app.fleet.places import places  # noqa: PLC0415
    from appliance.app.fleet.run import Fleet  # noqa: PLC0415
    from appliance.app.fleet.telephone import Traffic  # noqa: PLC0415
    from appliance.app.stopping import stopping_signals  # noqa: PLC0415

    host, port, tls = arguments.broker
    part, parts = arguments.part
    fleet = Fleet(
        places(arguments.units, sites=arguments.sites, seed=arguments.seed)[part - 1 :: parts],
        settings_of(
            host,
            port,
            tls=tls,
            authority=arguments.authority,
            ca_file=arguments.ca,
            user=arguments.user,
            password_file=arguments.password_file,
        ),
        seed=arguments.seed,
        traffic=Traffic(busy=arguments.busy, pace=arguments.pace),
        rate=arguments.rate or 0.0,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if arguments.seconds is not None:
        loop.call_later(arguments.seconds, stop.set)
    with stopping_signals(stop.set):
        async with fleet:
            while not stop.is_set():
                try:
                    await asyncio.wait_for(stop.wait(), arguments.every)
                except TimeoutError:
                    print(_line(fleet.figures(), as_json=arguments.json), flush=True)


def _line(figures: "Figures", *, as_json: bool) -> str:
    if as_json:
        return json.dumps(asdict(figures))
    problem = f"; {figures.problem}" if figures.problem else ""
    return (
        f"{figures.connected} of {figures.units} connected, {figures.published:.0f} messages/s, "
        f"{figures.waiting} waiting; behind by {1000 * figures.lag_median:.0f} ms (99 in 100: "
        f"{1000 * figures.lag_99:.0f} ms), {figures.cpu:.2f} of a core{problem}"
    )


def _broker(text: str) -> tuple[str, int, bool]:
    parts = urlsplit(text)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.path or parts.username is not None:
        raise ValueError(text)
    tls = parts.scheme == "mqtts"
    return parts.hostname, parts.port or (8883 if tls else 1883), tls


def _part(text: str) -> tuple[int, int]:
    part, parts = (int(number) for number in text.split("/"))
    if not 1 <= part <= parts:
        raise ValueError(text)
    return part, parts


def _share(text: str) -> float:
    value = float(text)
    if not 0.001 <= value <= 0.9:
        raise ValueError(text)
    return value
