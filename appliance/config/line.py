"""Reads [line], the account at the registrar."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from appliance.config import formats
from appliance.config.model import Keepalive, Line
from appliance.config.table import Table, did_you_mean, one_of
from appliance.units import Seconds


def read_line(table: Table) -> Line:
    """The line that `table` describes; what is wrong with it is reported there."""
    registrars = _registrars(table)
    by_token = "access_token_file" in table
    regions = _regions(table.table("regions"))
    line = Line(
        registrars=registrars,
        user=table.text("user", check=formats.sip_user, required=not by_token),
        password=table.secret("password", required=not by_token),
        access_token_file=table.path("access_token_file", must_exist=True),
        token_header=table.text("token_header", Line.token_header, check=formats.header_name),
        domain=table.text("domain", check=formats.host) or domain_of(registrars),
        display_name=table.text("display_name", check=formats.display_name),
        ca_file=table.path("ca_file", must_exist=True),
        register_expires=table.integer("register_expires", Line.register_expires, 100, 86_400),
        calls_folder=table.path("calls_folder"),
        restore_within=Seconds(table.number("restore_within", Line.restore_within, 0.0, 600.0)),
        auto_register=table.flag("auto_register", default=Line.auto_register),
        regions=regions,
        client_region=table.text("client_region", check=lambda name: _known_region(name, regions)),
        connect_timeout=Seconds(table.number("connect_timeout", Line.connect_timeout, 1.0, 120.0)),
        failback=Seconds(table.number("failback", Line.failback, 0.0, 86_400.0)),
        keepalive=tuple(map(Keepalive, table.texts("keepalive", Line.keepalive, check=_keepalive))),
        keepalive_interval=Seconds(table.number("keepalive_interval", Line.keepalive_interval, 0.0, 300.0)),
        keepalive_patience=Seconds(table.number("keepalive_patience", Line.keepalive_patience, 0.5, 60.0)),
        session_expires=_session_expires(table),
    )
    _check(table, line)
    table.finish()
    return line


def _registrars(table: Table) -> tuple[str, ...]:
    registrars = table.texts("registrars", check=formats.web_socket_url)
    if "registrars" not in table:
        table.complain("registrars", "line.registrars is missing: the address of the registrar, wss://…")
    elif not registrars and table.is_empty("registrars"):
        table.complain("registrars", "line.registrars is empty: allowed is at least one address, wss://…")
    return registrars


def _check(table: Table, line: Line) -> None:
    """What fits no key alone."""
    urls = (*line.registrars, *(url for urls in line.regions.values() for url in urls))
    if line.ca_file is not None and urls and not any(url.startswith("wss:") for url in urls):
        table.complain("ca_file", "line.ca_file is of no use: no address in line.registrars begins with wss://")
    if "access_token_file" in table:
        for key in ("user", "password", "password_file"):
            if key in table:
                table.complain(key, f"line.{key} is of no use beside line.access_token_file: the token says who we are")
    elif "token_header" in table:
        table.complain("token_header", "line.token_header is of no use without line.access_token_file")
    if table.is_empty("keepalive"):
        table.complain("keepalive", f"line.keepalive is empty: allowed is at least {one_of(Keepalive)}")


def _regions(table: Table) -> Mapping[str, tuple[str, ...]]:
    regions = {name: table.texts(name, check=formats.web_socket_url) for name in table}
    for name in regions:
        if allowed := formats.topic_name(name):
            table.complain(name, f"line.regions.{name} can't be a name: allowed is {allowed}")
        elif table.is_empty(name):
            table.complain(name, f"line.regions.{name} is empty: allowed is at least one address, wss://…")
    return regions


def _known_region(name: str, regions: Mapping[str, tuple[str, ...]]) -> str:
    if not name or name in regions:
        return ""
    return one_of(regions) + did_you_mean(name, regions) if regions else "none: [line.regions] names no region"


def _keepalive(value: str) -> str:
    return "" if value in set(Keepalive) else one_of(Keepalive) + did_you_mean(value, Keepalive)


def _session_expires(table: Table) -> int:
    seconds = table.integer("session_expires", Line.session_expires, 0, 86_400)
    if 0 < seconds < 90:
        table.complain(
            "session_expires", f"line.session_expires = {seconds} can't be used: allowed is 0 or 90 to 86400"
        )
    return seconds


def domain_of(registrars: tuple[str, ...]) -> str:
    """The host of the first address, which is the domain where nobody says another; "" without one."""
    host = (urlsplit(registrars[0]).hostname or "") if registrars else ""
    return f"[{host}]" if ":" in host else host
