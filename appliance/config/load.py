"""Reads a configuration file, and says everything that is wrong with it at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from appliance.config import formats
from appliance.config.board import load_board
from appliance.config.door import door
from appliance.config.line import read_line
from appliance.config.manager_tables import broker, commands
from appliance.config.model import (
    Audio,
    AudioDriver,
    Configuration,
    Dialling,
    Dtmf,
    EchoCancellation,
    Log,
    LogFormat,
    Media,
    Panel,
    PanelDriver,
    Quality,
    QualityPreset,
    QualityTracking,
    Tones,
    Turn,
    Unit,
    Voice,
)
from appliance.config.overlay import merged
from appliance.config.phone import phone
from appliance.config.positions import positions
from appliance.config.services import services
from appliance.config.table import Problems, Table, did_you_mean, one_of, readable_by_others
from appliance.errors import ConfigError
from appliance.units import Milliseconds, Seconds

CODECS: Final = ("opus", "G722", "PCMU", "PCMA")
COUNTRIES: Final = ("AT", "CA", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "UK", "US")
DTMF_TYPES: Final = ("inband", "outband")
PTIMES: Final = (10, 20, 40, 60)

_TOML_PLACE: Final = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


def load(path: str | Path, settings: Mapping[str, Any] | None = None) -> Configuration:
    """The configuration in the file at `path`, with `settings` over it: tables and keys that somebody sets from afar.

    Raises:
        ConfigError: with every problem of the file, each one sentence that begins with the file and its line.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{file}: can't be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{file}: is not a text in UTF-8"]) from error
    return parse(text, file, settings)


def parse(text: str, file: Path, settings: Mapping[str, Any] | None = None) -> Configuration:
    """The configuration in `text` with `settings` over it; `file` names it in messages.

    Its folder is where relative paths begin.

    Raises:
        ConfigError: as `load`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        number = (place and place["line"]) or max(1, len(text.splitlines()))
        raise ConfigError([f"{file}:{number}: is not TOML: {_TOML_PLACE.sub('', str(error))}"]) from error
    problems = Problems(str(file), positions(text))
    configuration = _configuration(Table("", merged(document, settings or {}), problems, file.parent))
    if problems.found:
        raise ConfigError(problems.sentences())
    return configuration


def advice(path: str | Path) -> list[str]:
    """What is allowed in the file at `path` and yet not wise: sentences like those of `load`. Never raises."""
    return list(_permissions(Path(path)))


def _permissions(file: Path) -> Iterator[str]:
    try:
        text = file.read_text(encoding="utf-8")
        document = tomllib.loads(text)
        places = positions(text)
        for name, value in _leaves("", document):
            key = name.rpartition(".")[2]
            place = f"{file}:{places[name]}" if name in places else str(file)
            if key == "password" and readable_by_others(file):
                yield f"{place}: {name} can be read by every user of this machine: chmod 600 {file}"
            if key == "password_file" and isinstance(value, str):
                secret = file.parent / Path(value).expanduser()
                if secret.is_file() and readable_by_others(secret):
                    yield f"{place}: {secret} can be read by every user of this machine: chmod 600 {secret}"
    except (OSError, ValueError):
        return


def _leaves(prefix: str, table: dict[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            yield from _leaves(name, value)
        else:
            yield name, value


def _configuration(top: Table) -> Configuration:
    configuration = Configuration(
        unit=_unit(top.table("unit")),
        line=read_line(top.table("line")),
        media=_media(top.table("media")),
        audio=_audio(top.table("audio")),
        voice=_voice(top.table("voice")),
        tones=_tones(top.table("tones")),
        dtmf=_dtmf(top.table("dtmf")),
        panel=_panel(top.table("panel")),
        dialling=_dialling(top.table("dialling")),
        quality=_quality(top.table("quality")),
        services=services(top.table("services")),
        phone=phone(top.table("phone")),
        door=door(top.table("door")) if "door" in top else None,
        broker=broker(top.table("broker")) if "broker" in top else None,
        commands=commands(top.table("commands")),
        log=_log(top.table("log")),
    )
    top.finish()
    names = f"{configuration.unit.site}/{configuration.unit.name}"
    if configuration.broker is not None and configuration.broker.home_assistant and "." in names:
        top.table("broker").complain(
            "home_assistant", f"broker.home_assistant: {names} has a dot, which Home Assistant's topics can't have"
        )
    if "door_open" in configuration.commands.allow and configuration.unit.state_folder is None:
        top.table("commands").complain(
            "allow", "commands.allow: door_open needs unit.state_folder, where it is noted which commands came before"
        )
    return configuration


def _unit(table: Table) -> Unit:
    unit = Unit(
        site=table.text("site", Unit.site, check=formats.topic_name),
        name=table.text("name", Unit.name, check=formats.topic_name),
        state_folder=table.path("state_folder"),
        close_protection=table.flag("close_protection"),
        capture_sdk_crash_only=table.flag("capture_sdk_crash_only"),
        crash_report_url=table.text("crash_report_url", check=formats.https_url),
        crash_report_ca_file=table.path("crash_report_ca_file", must_exist=True),
    )
    if unit.crash_report_ca_file is not None and "crash_report_url" not in table:
        table.complain("crash_report_ca_file", "unit.crash_report_ca_file is of no use without unit.crash_report_url")
    table.finish()
    return unit


def _media(table: Table) -> Media:
    media = Media(
        codecs=table.texts("codecs", Media.codecs, check=_codec) or Media.codecs,
        ptime=table.integer("ptime", Media.ptime, min(PTIMES), max(PTIMES)),
        max_average_bitrate=table.integer("max_average_bitrate", Media.max_average_bitrate, 8_000, 48_000),
        discontinuous=table.flag("discontinuous"),
        stun=table.texts("stun", check=formats.stun_url),
        turn=_turn(table.table("turn")) if "turn" in table else None,
        dscp=table.integer("dscp", Media.dscp, 0, 63),
        playout_delay=Milliseconds(table.number("playout_delay", 0.0, 0.0, 1000.0))
        if "playout_delay" in table
        else None,
        loopback=table.flag("loopback"),
    )
    if media.ptime not in PTIMES:
        table.complain("ptime", f"media.ptime = {media.ptime} can't be used: allowed is 10, 20, 40 or 60")
    if len(set(media.codecs)) != len(media.codecs):
        table.complain("codecs", "media.codecs names a codec twice")
    table.known("playout_delay", "turn")
    table.finish()
    return media


def _codec(value: str) -> str:
    return "" if value in CODECS else one_of(CODECS) + did_you_mean(value, CODECS)


def _turn(table: Table) -> Turn:
    turn = Turn(
        urls=table.texts("urls", check=formats.turn_url),
        user=table.text("user", required=True),
        password=table.secret("password", required=True),
        ca_file=table.path("ca_file", must_exist=True),
    )
    if "urls" not in table or table.is_empty("urls"):
        table.complain("urls", "media.turn.urls is missing or empty")
    table.finish()
    return turn


def _audio(table: Table) -> Audio:
    audio = Audio(
        driver=table.choice("driver", AudioDriver.SOUND_CARD),
        microphone=table.text("microphone", Audio.microphone),
        speaker=table.text("speaker", Audio.speaker),
        play=table.path("play", must_exist=True),
        loop=table.flag("loop"),
        record=table.path("record"),
        hertz=table.number("hertz", Audio.hertz, 20.0, 20_000.0),
        level=table.number("level", Audio.level, -60.0, 0.0),
        perm_on_click=table.flag("perm_on_click", default=Audio.perm_on_click),
    )
    table.finish()
    return audio


def _voice(table: Table) -> Voice:
    voice = Voice(
        echo_cancellation=table.choice("echo_cancellation", EchoCancellation.NONE),
        noise_suppression=table.flag("noise_suppression"),
        gain_control=table.flag("gain_control"),
        side_tone=table.number("side_tone", -20.0, -40.0, -6.0) if "side_tone" in table else None,
        loudest=table.number("loudest", Voice.loudest, -30.0, 0.0),
    )
    table.known("side_tone")
    table.finish()
    return voice


def _tones(table: Table) -> Tones:
    tones = Tones(
        country=table.text("country", check=_country).upper(),
        ring_tone=table.text("ring_tone", Tones.ring_tone),
        ring_tone_back=table.text("ring_tone_back", Tones.ring_tone_back),
        connect_tone=table.flag("connect_tone"),
    )
    table.finish()
    return tones


def _country(value: str) -> str:
    return "" if not value or value.upper() in COUNTRIES else one_of(COUNTRIES)


def _dtmf(table: Table) -> Dtmf:
    dtmf = Dtmf(
        send_dtmf_type=table.texts("send_dtmf_type", Dtmf.send_dtmf_type, check=_dtmf_type) or Dtmf.send_dtmf_type,
        detect_inband=table.flag("detect_inband"),
    )
    table.finish()
    return dtmf


def _dtmf_type(value: str) -> str:
    return "" if value in DTMF_TYPES else one_of(DTMF_TYPES) + did_you_mean(value, DTMF_TYPES)


def _panel(table: Table) -> Panel:
    driver = table.choice("driver", PanelDriver.TERMINAL)
    file = table.path("board", must_exist=True)
    board = None
    if file is not None:
        try:
            board = load_board(file)
        except ConfigError as error:
            for problem in error.problems:
                table.complain("board", f"panel.board: {problem}")
    elif driver is PanelDriver.GPIO and "board" not in table:
        table.complain("board", "panel.board is missing: the file that says what is connected to which pin")
    table.finish()
    return Panel(driver=driver, board=board)


def _dialling(table: Table) -> Dialling:
    dialling = Dialling(
        patterns=table.texts("patterns", check=formats.dial_pattern),
        blocked=table.texts("blocked", check=formats.dial_pattern),
        emergency=table.texts("emergency", Dialling.emergency, check=formats.emergency_number),
        inter_digit=Seconds(table.number("inter_digit", Dialling.inter_digit, 1.0, 30.0)),
        ring_timeout=Seconds(table.number("ring_timeout", Dialling.ring_timeout, 5.0, 600.0)),
    )
    table.finish()
    return dialling


def _quality(table: Table) -> Quality:
    quality = Quality(
        preset=table.choice("preset", QualityPreset.DOCUMENTED),
        enable_tracking=table.flag("enable_tracking", default=Quality.enable_tracking),
        enable_quality_tracking=table.choice("enable_quality_tracking", QualityTracking.ALL),
        feedback_url=table.text("feedback_url", check=formats.https_url),
        feedback_ca_file=table.path("feedback_ca_file", must_exist=True),
    )
    if quality.feedback_ca_file is not None and "feedback_url" not in table:
        table.complain("feedback_ca_file", "quality.feedback_ca_file is of no use without quality.feedback_url")
    table.finish()
    return quality


def _log(table: Table) -> Log:
    level = table.text("level", Log.level, check=formats.log_level_or_all)
    log = Log(level=level, format=table.choice("format", LogFormat.TEXT))
    table.finish()
    return log
