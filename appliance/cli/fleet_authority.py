"""`intercom fleet authority`: certificates for a broker, its units and the people who command them."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from appliance.cli.arguments import checked, positive_count
from appliance.cli.exit_codes import ExitCode


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.description = f"{parser.description} Each may be given several times; what is there already stays."
    parser.add_argument(
        "--folder", required=True, type=Path, metavar="FOLDER", help="of the authority; made if missing"
    )
    parser.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="NAME",
        help="a name or address the broker is reached by; all of them at once make its certificate anew",
    )
    parser.add_argument("--unit", action="append", default=[], metavar="SITE/UNIT", help="a unit to certify")
    parser.add_argument(
        "--person",
        action="append",
        default=[],
        metavar="ROLE/NAME",
        help="to certify as dashboard (sees), operator (commands), doorkeeper (opens doors too) or homeassistant",
    )
    parser.add_argument(
        "--revoke", action="append", default=[], metavar="WHO", help="a unit or person whose certificate is taken back"
    )
    parser.add_argument(
        "--days",
        type=checked(positive_count, "a number of days from 1"),
        default=825,
        metavar="N",
        help="that certificates last; default: 825",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it. Raises `UsageError`."""
    from appliance.provision.authority_folder import AuthorityFolder  # noqa: PLC0415 -- `--help` answers at once

    folder = AuthorityFolder(arguments.folder, datetime.now(UTC), days=arguments.days)
    for name in arguments.revoke:
        folder.revoke(name)
        print(f"{folder.revoked}  {name} is refused, once the broker has read it")
    made = [folder.certify_server(arguments.server)] if arguments.server else []
    made += map(folder.certify_unit, arguments.unit)
    made += map(folder.certify_person, arguments.person)
    print(f"{folder.root}  to be trusted by everybody")
    for files in made:
        print(f"{files.certificate}  {files.key}")
    return ExitCode.DONE
