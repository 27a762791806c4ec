"""`intercom run`: the service."""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.cli.arguments import complain
from appliance.cli.exit_codes import ExitCode
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.model import Configuration
from appliance.errors import ConfigError, DriverError, UsageError

if TYPE_CHECKING:
    from appliance.app.remote.config_commands import ConfigFiles


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the configuration of the unit")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it, until a signal or the panel ends it."""
    try:
        configuration = load(arguments.config)
    except ConfigError as error:
        sys.stderr.writelines(f"{problem}\n" for problem in error.problems)
        return ExitCode.USAGE
    try:
        again = asyncio.run(_serve(configuration, arguments.config))
    except (UsageError, DriverError) as error:
        complain("intercom run", str(error))
        return ExitCode.USAGE
    if again:
        # Whatever has changed on the disk counts from here on: the configuration, and this package too.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 -- this very command
    return ExitCode.DONE


async def _serve(own: Configuration, file: Path) -> bool:
    """Whether it is to start again."""
    from appliance.app import logs  # noqa: PLC0415 -- a bad configuration is told before anything heavy is loaded
    from appliance.app.build import build  # noqa: PLC0415
    from appliance.app.drivers import panel_drivers  # noqa: PLC0415
    from appliance.app.note_handler import NoteHandler  # noqa: PLC0415
    from appliance.app.remote.config_commands import begin  # noqa: PLC0415
    from appliance.app.runtime import serve  # noqa: PLC0415
    from appliance.app.supervisor import Supervisor  # noqa: PLC0415

    files, configuration = _files(own, file), own
    if files is not None:
        configuration = load(file, begin(file, files.store, SystemClock().wall()))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def quit_soon() -> None:
        loop.call_soon_threadsafe(stop.set)

    panel = panel_drivers(
        configuration.panel,
        title=f"{configuration.unit.site}/{configuration.unit.name}",
        on_quit=quit_soon,
    )
    # A panel that is the terminal shows the log under the display; a line of text across it would spoil both.
    logs.configure(configuration.log, handler=None if panel.note is None else NoteHandler(panel.note))
    return await serve(build(configuration, panel, config_files=files), stop, Supervisor())


def _files(own: Configuration, file: Path) -> "ConfigFiles | None":
    """Where a configuration from afar is kept; None if the unit takes none, or has nowhere to keep it."""
    from appliance.app.config_store import ConfigStore  # noqa: PLC0415
    from appliance.app.remote.config_commands import ConfigFiles  # noqa: PLC0415

    if own.unit.state_folder is None or own.broker is None:
        return None
    return ConfigFiles(own=file, store=ConfigStore(own.unit.state_folder))
