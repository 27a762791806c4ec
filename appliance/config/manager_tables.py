"""The tables about who sees the unit from afar, and what they may ask of it."""

from appliance.config import formats
from appliance.config.model import COMMANDS, Broker, Commands
from appliance.config.table import Table, did_you_mean, one_of


def broker(table: Table) -> Broker:
    """[broker]."""
    tls = table.flag("tls")
    ca_file, certificate_file, key_file = (
        table.path(key, must_exist=True) for key in ("ca_file", "certificate_file", "key_file")
    )
    for key in ("ca_file", "certificate_file", "key_file"):
        if key in table and not tls:
            table.complain(key, f"broker.{key} is of no use without broker.tls = true")
    for key, other in (("certificate_file", "key_file"), ("key_file", "certificate_file")):
        if key in table and other not in table:
            table.complain(key, f"broker.{key} is of no use without broker.{other}")
    result = Broker(
        host=table.text("host", check=formats.host, required=True),
        port=table.integer("port", 8883 if tls else 1883, 1, 65_535),
        tls=tls,
        ca_file=ca_file,
        certificate_file=certificate_file,
        key_file=key_file,
        user=table.text("user"),
        password=table.secret("password"),
        prefix=table.text("prefix", Broker.prefix, check=formats.topic_name),
        log=table.text("log", check=formats.log_level),
        home_assistant=table.text("home_assistant", check=formats.topic_name),
    )
    if result.password and not result.user:
        table.complain("password", "broker.password is of no use without broker.user")
    table.finish()
    return result


def commands(table: Table) -> Commands:
    """[commands]."""
    result = Commands(
        allow=table.texts("allow", Commands.allow, check=_command),
        call_targets=table.texts("call_targets", check=formats.dial_pattern),
        logs_to=table.text("logs_to", check=formats.https_url),
        logs_ca_file=table.path("logs_ca_file", must_exist=True),
    )
    if "call" in result.allow and not result.call_targets:
        table.complain("allow", "commands.allow: call needs commands.call_targets, the numbers that may be called")
    if "logs" in result.allow and not result.logs_to:
        table.complain("allow", "commands.allow: logs needs commands.logs_to, the https:// address they are sent to")
    if result.logs_ca_file is not None and not result.logs_to:
        table.complain("logs_ca_file", "commands.logs_ca_file is of no use without commands.logs_to")
    table.finish()
    return result


def _command(value: str) -> str:
    return "" if value in COMMANDS else one_of(COMMANDS) + did_you_mean(value, COMMANDS)
