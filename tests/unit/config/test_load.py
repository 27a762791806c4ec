from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.app.settings import client_settings
from appliance.config.load import advice, load, parse
from appliance.config.model import (
    AudioDriver,
    Broker,
    Commands,
    Line,
    LogFormat,
    PanelDriver,
    Quality,
    QualityPreset,
    QualityTracking,
    Turn,
)
from appliance.config.secret import Secret
from appliance.errors import ConfigError
from appliance.sip.settings import LivenessSettings, Question

FILE = Path("unit.toml")
LINE = '[line]\nregistrars = ["wss://sip.test/ws"]\nuser = "201"\npassword = "s3cret-s3cret"\n'
EXAMPLE = Path(__file__).parents[3] / "deploy" / "intercom.example.toml"
BOARD = EXAMPLE.parents[1] / "hardware" / "boards" / "desk-phone.toml"


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, FILE)
    return caught.value.problems


def test_the_least_that_works() -> None:
    configuration = parse(LINE, FILE)
    assert configuration.line == Line(
        registrars=("wss://sip.test/ws",), user="201", password=Secret("s3cret-s3cret"), domain="sip.test"
    )
    assert configuration.broker is None
    assert configuration.media.codecs == ("opus", "G722", "PCMU", "PCMA")
    assert configuration.audio.driver is AudioDriver.SOUND_CARD


def test_everything(tmp_path: Path) -> None:
    for name in ("pass", "turn", "broker", "hall.crt", "hall.key"):
        (tmp_path / name).write_text(f"{name}-word\nsecond line\n")
    (tmp_path / "ca.pem").write_text("")
    (tmp_path / "in.wav").write_bytes(b"")
    text = """
    [unit]
    site = "home"
    name = "hall-2"
    state_folder = "state"
    close_protection = true
    capture_sdk_crash_only = true
    crash_report_url = "https://f.test/crash"
    crash_report_ca_file = "ca.pem"
    [line]
    registrars = ["wss://a.test", "ws://[::1]:8080/x"]
    auto_register = false
    client_region = "europe"
    connect_timeout = 5
    failback = 0
    keepalive = "crlf"
    keepalive_interval = 10
    keepalive_patience = 5
    session_expires = 0
    user = "201"
    password_file = "pass"
    domain = "b.test"
    display_name = "Hall, ground floor"
    ca_file = "ca.pem"
    register_expires = 300
    [line.regions]
    europe = "wss://c.test"
    asia = ["wss://d.test", "wss://e.test"]
    [media]
    codecs = "PCMA"
    ptime = 40
    max_average_bitrate = 16000
    stun = ["stun:a.test", "stun:192.0.2.1:3478"]
    dscp = 0
    playout_delay = 60
    loopback = true
    [media.turn]
    urls = ["turn:a.test:3478?transport=tcp", "turns:a.test"]
    user = "t"
    password_file = "turn"
    [audio]
    driver = "wav"
    perm_on_click = false
    play = "in.wav"
    record = "out.wav"
    loop = true
    [panel]
    driver = "none"
    [dialling]
    patterns = ["1XX", "0.", "[2-4]X"]
    inter_digit = 2
    [quality]
    preset = "twilio"
    enable_tracking = false
    enable_quality_tracking = "localonly"
    feedback_url = "https://f.test/x"
    feedback_ca_file = "ca.pem"
    [broker]
    host = "b.test"
    tls = true
    user = "u"
    password_file = "broker"
    certificate_file = "hall.crt"
    key_file = "hall.key"
    log = "error"
    home_assistant = "ha"
    [commands]
    allow = ["call", "door_open", "logs"]
    call_targets = "1XX"
    logs_to = "https://logs.test/x"
    [log]
    level = "debug"
    format = "json"
    """
    file = tmp_path / "c.toml"
    file.write_text(text)
    configuration = load(file)
    assert configuration.line.registrars == ("wss://a.test", "ws://[::1]:8080/x")
    assert configuration.line.domain == "b.test"
    assert configuration.line.password == Secret("pass-word")
    assert configuration.line.ca_file == tmp_path / "ca.pem"
    assert configuration.line.regions == {"europe": ("wss://c.test",), "asia": ("wss://d.test", "wss://e.test")}
    told = client_settings(configuration)
    assert told.registrar_urls == ("wss://c.test", "wss://a.test", "ws://[::1]:8080/x")
    assert told.liveness == LivenessSettings(interval=10.0, patience=5.0, questions=(Question.CRLF,))
    assert (told.auto_register, told.failback, told.connect_timeout, told.session_expires) == (False, 0.0, 5.0, 0)
    assert (told.close_protection, told.capture_sdk_crash_only, told.perm_on_click) == (True, True, False)
    assert (told.crash_report_url, told.identifier) == ("https://f.test/crash", "hall-2")
    assert configuration.media.codecs == ("PCMA",)
    assert configuration.media.playout_delay == 60.0
    assert configuration.media.turn == Turn(
        urls=("turn:a.test:3478?transport=tcp", "turns:a.test"), user="t", password=Secret("turn-word")
    )
    assert configuration.audio.play == tmp_path / "in.wav"
    assert configuration.panel.driver is PanelDriver.NONE
    assert configuration.dialling.inter_digit == 2.0
    assert configuration.quality == Quality(
        preset=QualityPreset.TWILIO,
        enable_tracking=False,
        enable_quality_tracking=QualityTracking.LOCAL_ONLY,
        feedback_url="https://f.test/x",
        feedback_ca_file=tmp_path / "ca.pem",
    )
    assert configuration.broker == Broker(
        host="b.test",
        port=8883,
        tls=True,
        certificate_file=tmp_path / "hall.crt",
        key_file=tmp_path / "hall.key",
        user="u",
        password=Secret("broker-word"),
        log="error",
        home_assistant="ha",
    )
    assert configuration.unit.state_folder == tmp_path / "state"
    assert configuration.commands == Commands(
        allow=("call", "door_open", "logs"), call_targets=("1XX",), logs_to="https://logs.test/x"
    )
    assert configuration.log.format is LogFormat.JSON


ERRORS = [
    ("", "unit.toml: line.registrars is missing: the address of the registrar, wss://…"),
    ("", "unit.toml: line.user is missing"),
    ("", "unit.toml: line.password is missing: give it, or better the path of a file as password_file"),
    ("[line]\nregistrars = []", "unit.toml:2: line.registrars is empty: allowed is at least one address, wss://…"),
    (
        '[line]\nregistrars = ["http://a"]',
        'unit.toml:2: line.registrars = "http://a" can\'t be used: allowed is an address like "wss://sip.example.org/ws"',
    ),
    (
        '[line]\nregistrars = ["ws://u:p@a"]',
        "allowed is an address without user and password in it: those have keys of their own",
    ),
    ('[line]\nregistrar = "ws://a"', "unit.toml:2: registrar is not known in [line]; did you mean registrars?"),
    ('[line]\nuser = ""', "unit.toml:2: line.user is empty"),
    ("[line]\nuser = 201", "unit.toml:2: line.user = 201 can't be used: allowed is a text in quotes"),
    ("[line]\npassword = 12345678", "unit.toml:2: line.password = ******** can't be used: allowed is a text in quotes"),
    ('[line]\npassword_file = "nowhere"', "unit.toml:2: line.password_file: there is no file nowhere"),
    ('[line]\nca_file = "nowhere.pem"', "unit.toml:2: line.ca_file: there is no file nowhere.pem"),
    (
        LINE + "register_expires = 5",
        "unit.toml:5: line.register_expires = 5 can't be used: allowed is a whole number from 100 to 86400",
    ),
    (LINE + "register_expires = true", "line.register_expires = true can't be used"),
    (LINE + '[quality]\npreset = "pliv"', "allowed is one of documented, plivo, twilio; did you mean plivo?"),
    (LINE + '[quality]\nenable_quality_tracking = "some"', "allowed is one of all, remoteonly, localonly, none"),
    (LINE + '[quality]\nenable_tracking = "yes"', 'unit.toml:6: quality.enable_tracking = "yes" can\'t be used'),
    (LINE + '[quality]\nfeedback_url = "http://a.test"', 'allowed is an address like "https://example.org/intercom"'),
    (LINE + '[quality]\nfeedback_url = "https://u:p@a.test"', "allowed is an address like"),
    (LINE + '[quality]\nfeedback_ca_file = "nowhere.pem"', "quality.feedback_ca_file: there is no file nowhere.pem"),
    (LINE + "[medai]\n", "unit.toml:5: medai is not known at the top of the file; did you mean media?"),
    (LINE + "media = 3", "unit.toml:5: media is not known in [line]"),
    (
        LINE + '[voice]\necho_cancellation = "handsfree"',
        'voice.echo_cancellation = "handsfree" can\'t be used: allowed is one of none, handset, hands-free',
    ),
    (LINE + "[voice]\nside_tone = -3.0", "voice.side_tone = -3.0 can't be used: allowed is a number from -40"),
    (LINE + "[voice]\nloudest = 3", "voice.loudest = 3 can't be used: allowed is a number from -30"),
    (LINE + '[tones]\ncountry = "XX"', 'tones.country = "XX" can\'t be used: allowed is one of AT, CA, CH'),
    (
        LINE + '[dtmf]\nsend_dtmf_type = ["in-band"]',
        'dtmf.send_dtmf_type = "in-band" can\'t be used: allowed is one of',
    ),
    (LINE + '[media]\ncodecs = ["opas"]', 'media.codecs = "opas" can\'t be used: allowed is one of opus, G722'),
    (LINE + '[media]\ncodecs = ["opas"]', "did you mean opus?"),
    (LINE + '[media]\ncodecs = ["PCMU", "PCMU"]', "unit.toml:6: media.codecs names a codec twice"),
    (LINE + "[media]\nptime = 30", "unit.toml:6: media.ptime = 30 can't be used: allowed is 10, 20, 40 or 60"),
    (LINE + '[media]\nstun = ["a.test"]', "allowed is stun:host or stun:host:port"),
    (LINE + "[media]\ndscp = 64", "media.dscp = 64 can't be used: allowed is a whole number from 0 to 63"),
    (LINE + '[media.turn]\nurls = "turn:a"', "unit.toml:5: media.turn.user is missing"),
    (LINE + "[media.turn]\nurls = []", "unit.toml:6: media.turn.urls is missing or empty"),
    (LINE + '[audio]\ndriver = "sound_card"', "did you mean sound-card?"),
    (LINE + '[panel]\ndriver = "oled"', 'panel.driver = "oled" can\'t be used: allowed is one of terminal, gpio, none'),
    (LINE + '[panel]\ndriver = "gpio"', "unit.toml:5: panel.board is missing: the file that says what is connected"),
    (LINE + '[panel]\nboard = "nowhere.toml"', "unit.toml:6: panel.board: there is no file nowhere.toml"),
    (LINE + '[dialling]\npatterns = ["1YX"]', 'unit.toml:6: dialling.patterns = "1YX" can\'t be used: allowed is 0-9'),
    (LINE + "[dialling]\ninter_digit = 0", "dialling.inter_digit = 0 can't be used: allowed is a number from 1 to 30"),
    (LINE + "[broker]\n", "unit.toml:5: broker.host is missing"),
    (LINE + '[broker]\nhost = "a b"', "allowed is a host name or an address"),
    (LINE + '[broker]\nhost = "a"\npassword = "x"', "broker.password is of no use without broker.user"),
    (LINE + '[broker]\nhost = "a"\nkey_file = "k"', "broker.key_file is of no use without broker.certificate_file"),
    (LINE + '[broker]\nhost = "a"\nkey_file = "k"', "broker.key_file is of no use without broker.tls = true"),
    (LINE + '[broker]\nhost = "a"\ntls = true\ncertificate_file = "c"', "certificate_file: there is no file"),
    (LINE + '[broker]\nhost = "a"\nlog = "warn"', 'broker.log = "warn" can\'t be used: allowed is one of debug, info'),
    (
        LINE + '[unit]\nname = "a.b"\n[broker]\nhost = "a"\nhome_assistant = "homeassistant"',
        "unit.toml:9: broker.home_assistant: site/a.b has a dot, which Home Assistant's topics can't have",
    ),
    (LINE + '[commands]\nallow = ["dor_open"]', "did you mean door_open?"),
    (LINE + '[commands]\nallow = "door_open"', "unit.toml:6: commands.allow: door_open needs unit.state_folder"),
    (LINE + '[commands]\nallow = "call"', "unit.toml:6: commands.allow: call needs commands.call_targets"),
    (LINE + '[commands]\nallow = "logs"', "unit.toml:6: commands.allow: logs needs commands.logs_to"),
    (LINE + "[services]\nauto_answer_always = true", "is of no use without services.auto_answer"),
    (LINE + '[services]\nlamp_watchers = "all"', "allowed is one of domain, nobody"),
    (LINE + '[commands]\nlogs_to = "http://a.test"', 'allowed is an address like "https://example.org/intercom"'),
    (LINE + '[commands]\ncall_targets = "abc"', 'commands.call_targets = "abc" can\'t be used: allowed is 0-9'),
    (LINE + '[log]\nlevel = "inof"', "did you mean info?"),
    (LINE + '[unit]\nsite = "a/b"', 'unit.site = "a/b" can\'t be used: allowed is 1 to 64 letters, digits, - _ and .'),
    ("[line", "unit.toml:1: is not TOML"),
    ("unit = 3\n" + LINE, "unit.toml:1: unit = 3 can't be used: allowed is a table"),
]


@pytest.mark.parametrize(("text", "sentence"), ERRORS)
def test_each_error_names_key_value_and_what_is_allowed(text: str, sentence: str) -> None:
    found = problems(text)
    assert any(sentence in problem for problem in found), found


def test_all_errors_come_at_once_in_the_order_of_the_file() -> None:
    text = LINE + '[audio]\ndriver = "wave"\n[media]\nptime = 5\nptimes = 20\n[log]\nformat = "xml"\n'
    found = problems(text)
    assert [problem.split(":")[1] for problem in found] == ["6", "8", "9", "11"]


def test_a_missing_file_and_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.toml: can't be read: No such file"):
        load(tmp_path / "nowhere.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"is not a text in UTF-8"):
        load(tmp_path / "bad.toml")


def test_password_files(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "good").write_text("  spaces belong to it \n")
    base = '[line]\nregistrars = ["ws://a"]\nuser = "1"\n'
    with pytest.raises(ConfigError, match=r"line.password_file: .*empty is empty: its first line is the password"):
        parse(base + 'password_file = "empty"', tmp_path / "c.toml")
    with pytest.raises(ConfigError, match=r"line.password and password_file are both given"):
        parse(base + 'password = "x"\npassword_file = "good"', tmp_path / "c.toml")
    assert parse(base + 'password_file = "good"', tmp_path / "c.toml").line.password == Secret("  spaces belong to it ")


def test_no_message_shows_a_password() -> None:
    for text in (LINE + "nonsense = 1", LINE + "password_flie = 'x'", LINE.replace('"201"', "201")):
        assert not any("s3cret-s3cret" in problem for problem in problems(text))


def test_advice_about_permissions(tmp_path: Path) -> None:
    file, secret = tmp_path / "c.toml", tmp_path / "secret"
    secret.write_text("word\n")
    secret.chmod(0o644)
    file.write_text(LINE + '[broker]\nhost = "a"\nuser = "u"\npassword_file = "secret"\n')
    file.chmod(0o640)
    assert advice(file) == [
        f"{file}:4: line.password can be read by every user of this machine: chmod 600 {file}",
        f"{file}:8: {secret} can be read by every user of this machine: chmod 600 {secret}",
    ]
    secret.chmod(0o600)
    file.chmod(0o600)
    assert advice(file) == []
    assert advice(tmp_path / "nowhere") == []


def test_the_example_that_ships(tmp_path: Path) -> None:
    for name in ("line.password", "broker.password", "turn.password"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "cleaning.code").write_text("8150815\n")
    for name in ("ca.pem", "turn-ca.pem", "hall.crt", "hall.key", "crashes.pem"):
        (tmp_path / name).write_text("")
    (tmp_path / "hello.wav").write_text("")
    (tmp_path / "desk-phone.toml").write_text(BOARD.read_text())
    text = EXAMPLE.read_text(encoding="utf-8")
    configuration = parse(text, tmp_path / "c.toml")
    assert configuration.unit.name == "hall"
    assert configuration.broker is not None
    # Every key that is commented out is one that exists, and its value is one that is allowed.
    told = "\n".join(
        line[2:] if line.startswith("# ") and (line[2:3] == "[" or " = " in line.split("#")[1][:24]) else line
        for line in text.splitlines()
    )
    parsed = parse(told, tmp_path / "c.toml")
    assert parsed.media.turn is not None
    assert parsed.line == configuration.line or parsed.line.ca_file == tmp_path / "ca.pem"


def test_the_example_shows_every_key() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    tables = (
        "line",
        "unit",
        "media",
        "audio",
        "voice",
        "tones",
        "dtmf",
        "panel",
        "dialling",
        "services",
        "phone",
        "door",
        "log",
    )
    with pytest.raises(ConfigError) as caught:
        parse("".join(f"[{table}]\nq=1\n" for table in tables), FILE)
    for problem in caught.value.problems:
        _, _, known = problem.partition("; known are ")
        for key in filter(None, known.split(", ")):
            assert f"{key} = " in text or f".{key}]" in text or f"`{key} = " in text, key


@given(st.text(max_size=400))
def test_any_text_is_refused_with_sentences(text: str) -> None:
    # A line is required, so none of these is a whole configuration.
    assert all(problem.startswith("unit.toml") for problem in problems(text))


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(10**6), 10**6), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from(["unit", "line", "media", "audio", "panel", "dialling", "broker", "log"]),
    st.sampled_from(["user", "password", "registrars", "driver", "ptime", "turn", "patterns", "host", "port", "level"]),
    VALUES,
)
def test_any_value_of_any_key_is_taken_or_refused(table: str, key: str, value: object) -> None:
    from appliance.config.load import _configuration
    from appliance.config.table import Problems, Table

    found = Problems("unit.toml", {})
    _configuration(Table("", {table: {key: value}}, found, Path("/nonexistent")))
    assert found.sentences()
