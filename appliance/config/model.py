"""What can be configured: one frozen dataclass for each table of the file, one field for each key.

Passwords are `Secret`s; durations are seconds and say so in their names' descriptions. `load.py` reads the file,
`deploy/intercom.example.toml` shows every key with its default. No slots: `load.py` takes the defaults from the
classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from appliance.config.board import Board
from appliance.config.door import Door
from appliance.config.phone import Phone
from appliance.config.secret import Secret
from appliance.config.services import Services
from appliance.units import Milliseconds, Seconds


class AudioDriver(StrEnum):
    """What the telephone speaks and listens with."""

    SOUND_CARD = "sound-card"
    WAV = "wav"
    """A file as the microphone, a file for what is heard."""
    TONE = "tone"
    """A sine as the microphone."""
    ECHO = "echo"
    """What is heard is what is said: the other side of an echo test."""
    NONE = "none"
    """Silence both ways, with a clock."""


class PanelDriver(StrEnum):
    """What the person at the telephone touches and sees."""

    TERMINAL = "terminal"
    """Keys, hook and display in a terminal."""
    GPIO = "gpio"
    """The real ones, on the header of a Raspberry Pi."""
    NONE = "none"
    """Nobody: a unit that is only seen on the broker."""


COMMANDS: Final = (
    "call",
    "config_apply",
    "config_roll_back",
    "dnd",
    "door_open",
    "hang_up",
    "identify",
    "logs",
    "reboot",
    "self_test",
    "show_text",
    "volume",
)
"""What can be asked of a unit over MQTT, by the last level of its topic."""


class EchoCancellation(StrEnum):
    """What is done about the microphone hearing the loudspeaker."""

    NONE = "none"
    HANDSET = "handset"
    """A light one, for an earpiece."""
    HANDS_FREE = "hands-free"
    """For a loudspeaker beside the microphone."""


class LogFormat(StrEnum):
    """How a line of the log looks."""

    TEXT = "text"
    JSON = "json"


class QualityPreset(StrEnum):
    """Whose rules say that a call is bad."""

    DOCUMENTED = "documented"
    """3 of the last 5 seconds."""
    PLIVO = "plivo"
    TWILIO = "twilio"


class QualityTracking(StrEnum):
    """Who is told of quality."""

    ALL = "all"
    REMOTE_ONLY = "remoteonly"
    LOCAL_ONLY = "localonly"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """[unit]: which telephone this is."""

    site: str = "site"
    """Where it stands, for people and topics: letters, digits, `-`, `_` and `.`."""
    name: str = "phone"
    """Which one it is there: letters, digits, `-`, `_` and `.`. The registrar sees it too."""
    state_folder: Path | None = None
    """Where it keeps what must outlive a power cut; a folder of its own. Without it nothing does."""
    close_protection: bool = False
    """Stopping waits for the call, ringing included; a second signal ends it."""
    capture_sdk_crash_only: bool = False
    """Tell of errors in calls and their surroundings only, not in what listens to their events."""
    crash_report_url: str = ""
    """`https://` address that errors nobody caught are posted to, without secrets; "" posts none."""
    crash_report_ca_file: Path | None = None
    """PEM certificates trusted for it instead of the system's."""


class Keepalive(StrEnum):
    """How a registrar is asked whether it still lives."""

    WEBSOCKET = "websocket"
    """The WebSocket's own ping, RFC 6455 §5.5.2."""
    CRLF = "crlf"
    """Two line ends, answered by one: RFC 5626 §3.5.1."""
    OPTIONS = "options"
    """An OPTIONS request; any final response will do."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """[line]: the account at the registrar."""

    registrars: tuple[str, ...]
    """`ws://` or `wss://` addresses of the registrar, the nearest first: tried in this order, and gone back to."""
    user: str
    """The user part of the address of record; "" where an access token says it."""
    password: Secret
    """Of the digest authentication (RFC 3261 §22)."""
    access_token_file: Path | None = None
    """A file with an access token (JWT) in place of user and password; read again whenever a new one is needed."""
    token_header: str = "X-Plivo-Jwt"  # noqa: S105 -- the name of a header
    """The header that carries it."""
    domain: str
    """The SIP domain; the first registrar's host where the file says nothing."""
    display_name: str = ""
    """The name that called people see."""
    ca_file: Path | None = None
    """PEM certificates trusted for `wss://` instead of the system's."""
    register_expires: int = 120
    """Seconds a registration lasts before it has to be renewed, 100 to 86400."""
    calls_folder: Path | None = None
    """Where calls in progress are written down, so that they outlive a crash; best in memory: "/run/intercom/calls"."""
    restore_within: Seconds = Seconds(60.0)
    """A call is taken up again that was left no longer ago, 0 to 600 seconds; older ones are ended at the far end."""
    auto_register: bool = True
    """Register after connecting; without, the line only connects, and can call but not be called."""
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """[line.regions]: further addresses by the name of a region."""
    client_region: str = ""
    """The region this unit is in: its addresses come before `registrars`, and calls name it."""
    connect_timeout: Seconds = Seconds(10.0)
    """Seconds an address may take to accept a connection before the next is tried, 1 to 120."""
    failback: Seconds = Seconds(300.0)
    """Seconds after which a nearer address is tried again while another serves, 0 (never) to 86400."""
    keepalive: tuple[Keepalive, ...] = tuple(Keepalive)
    """How the registrar is asked for signs of life."""
    keepalive_interval: Seconds = Seconds(2.0)
    """Seconds of quiet after which it is asked, 0 (only when there is doubt) to 300."""
    keepalive_patience: Seconds = Seconds(2.5)
    """Seconds it may take to answer before it counts as dead, 0.5 to 60."""
    session_expires: int = 1800
    """Seconds a call lasts unless one side refreshes it (RFC 4028), 90 to 86400; 0 asks for nothing of the kind."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """[media.turn]: a relay for networks without a direct way."""

    urls: tuple[str, ...]
    """`turn:host[:port][?transport=udp|tcp]` or `turns:host[:port]` (RFC 7065), all tried at once."""
    user: str
    """The name of its account."""
    password: Secret
    """Of that account."""
    ca_file: Path | None = None
    """PEM certificates trusted for `turns:` instead of the system's."""


@dataclass(frozen=True, kw_only=True)
class Media:
    """[media]: how sound travels."""

    codecs: tuple[str, ...] = ("opus", "G722", "PCMU", "PCMA")
    """Codecs in the order of preference."""
    ptime: int = 20
    """Milliseconds of sound in one packet: 10, 20, 40 or 60."""
    max_average_bitrate: int = 24_000
    """Bits a second that Opus keeps to, 8000 to 48000."""
    discontinuous: bool = False
    """Send nothing while the microphone is silent (Opus DTX)."""
    stun: tuple[str, ...] = ()
    """STUN servers, `stun:host[:port]`, all asked at once; the first answer counts."""
    turn: Turn | None = None
    """The relay, if there is one."""
    dscp: int = 46
    """The mark on every media packet, 0 to 63: 46 is expedited forwarding, 0 none."""
    playout_delay: Milliseconds | None = None
    """A fixed delay of the jitter buffer in milliseconds, 0 to 1000; without it the delay adapts."""
    loopback: bool = False
    """Offer this machine's loopback addresses too: for peers on the same machine."""


@dataclass(frozen=True, kw_only=True)
class Audio:
    """[audio]: the microphone and the speaker."""

    driver: AudioDriver = AudioDriver.SOUND_CARD
    """Which driver; the keys below belong to the drivers they name."""
    microphone: str = "default"
    """sound-card: the id of the input device or a part of its name, or "default"."""
    speaker: str = "default"
    """sound-card: the id of the output device or a part of its name, or "default"."""
    play: Path | None = None
    """wav: the file that is the microphone, any rate; silence without it."""
    loop: bool = False
    """wav: begin again after the end of the file."""
    record: Path | None = None
    """wav, tone: the file that what is heard is written to."""
    hertz: float = 1000.0
    """tone: the frequency of the sine, 20 to 20000."""
    level: float = -20.0
    """tone: its level in dB of full scale, -60 to 0."""
    perm_on_click: bool = True
    """Open the microphone for a call only; without, it is tried once at the start too."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """[voice]: what the microphone goes through before it is sent, and how loud the speaker may be."""

    echo_cancellation: EchoCancellation = EchoCancellation.NONE
    """Of the loudspeaker's sound in the microphone."""
    noise_suppression: bool = False
    """Turn steady noise down."""
    gain_control: bool = False
    """Bring every voice to the same loudness."""
    side_tone: float | None = None
    """How loud the microphone is heard in a handset's earpiece, -40 to -6 dB; not at all without it."""
    loudest: float = -9.0
    """What the speaker gets at most, -30 to 0 dB of full scale: a limiter against acoustic shock."""


@dataclass(frozen=True, kw_only=True)
class Tones:
    """[tones]: what is heard before and beside a call."""

    country: str = ""
    """Whose dial tone, ringback and busy tone: two letters, like DE or US; "" is what most of Europe has."""
    ring_tone: str = "default"
    """"default", "none", a WAV file, or an `http(s)://` address of one."""
    ring_tone_back: str = "auto"
    """"auto" (ours until the far end sends its own), "default" (ours), "none" (the far end's), a file or an address."""
    connect_tone: bool = False
    """Sound a soft tone until something is heard of the far end."""


@dataclass(frozen=True, kw_only=True)
class Dtmf:
    """[dtmf]: how digits go out and come in."""

    send_dtmf_type: tuple[str, ...] = ("inband", "outband")
    """As tones (`inband`), as telephone events or SIP INFO (`outband`), or as whichever the far end takes."""
    detect_inband: bool = False
    """Listen for digits as tones in calls."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """[panel]: keys, hook switch and display."""

    driver: PanelDriver = PanelDriver.TERMINAL
    """Which driver."""
    board: Board | None = None
    """gpio: what is connected where. The file names a board file, like those in `hardware/boards`."""


@dataclass(frozen=True, kw_only=True)
class Dialling:
    """[dialling]: which numbers, and when a number is complete."""

    patterns: tuple[str, ...] = ()
    """Numbers that are called with their last digit: `1XX`, `0.`, `[2-4]XXX`; others wait for `#` or a pause."""
    blocked: tuple[str, ...] = ()
    """Numbers that are not called from here, written in the same way."""
    emergency: tuple[str, ...] = ("112", "911")
    """Numbers that are always called."""
    inter_digit: Seconds = Seconds(4.0)
    """Seconds after the last digit until the number counts as complete, 1 to 30."""
    ring_timeout: Seconds = Seconds(60.0)
    """Seconds a call may ring before it is given up, 5 to 600."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """[quality]: when a call counts as bad, who is told of it, and where what its user thinks of it goes."""

    preset: QualityPreset = QualityPreset.DOCUMENTED
    """The rules: those of the documents, or an SDK's as shipped."""
    enable_tracking: bool = True
    """Tell of quality at all; `enable_quality_tracking` overrides it unless that is "all"."""
    enable_quality_tracking: QualityTracking = QualityTracking.ALL
    """all; remoteonly: no warnings on the unit; localonly: nothing to the broker; none."""
    feedback_url: str = ""
    """An `https://` address that users' feedback is posted to, "" for none."""
    feedback_ca_file: Path | None = None
    """PEM certificates trusted for it instead of the system's."""


@dataclass(frozen=True, kw_only=True)
class Broker:
    """[broker]: where the unit's events go."""

    host: str
    """The MQTT broker's name or address."""
    port: int = 1883
    """Its port; 8883 where the file says nothing and `tls` is set."""
    tls: bool = False
    """Encrypt, and check the broker's certificate."""
    ca_file: Path | None = None
    """PEM certificates trusted instead of the system's; only with `tls`."""
    certificate_file: Path | None = None
    """The unit's own certificate (PEM), by which the broker knows it; with `key_file`, and only with `tls`."""
    key_file: Path | None = None
    """The private key of that certificate (PEM, not encrypted)."""
    user: str = ""
    """The name of the unit's account, "" for none."""
    password: Secret = field(default_factory=lambda: Secret(""))
    """Of that account."""
    prefix: str = "intercom"
    """The first level of every topic."""
    log: str = ""
    """The least of the log that is published, without secrets: debug, info, warning or error; "" for none of it."""
    home_assistant: str = ""
    """The first level of Home Assistant's discovery topics, "homeassistant" mostly; "" for no discovery."""


@dataclass(frozen=True, kw_only=True)
class Commands:
    """[commands]: what may be asked of the unit over MQTT. Who may ask is for the broker's access rules."""

    allow: tuple[str, ...] = ("dnd", "hang_up", "identify", "self_test", "show_text", "volume")
    """The commands that are done; all others are refused."""
    call_targets: tuple[str, ...] = ()
    """call: the numbers that may be called, as patterns of the dial plan."""
    logs_to: str = ""
    """logs: the https:// address that the log is sent to, by POST."""
    logs_ca_file: Path | None = None
    """logs: PEM certificates trusted for that address instead of the system's."""


@dataclass(frozen=True, kw_only=True)
class Log:
    """[log]: what is written about the unit's work."""

    level: str = "info"
    """The least that is written: all (SIP messages too, without secrets), debug, info, warning, error or off."""
    format: LogFormat = LogFormat.TEXT
    """Lines for people, or one JSON object a line."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything a unit is told."""

    line: Line
    unit: Unit = field(default_factory=Unit)
    media: Media = field(default_factory=Media)
    audio: Audio = field(default_factory=Audio)
    voice: Voice = field(default_factory=Voice)
    tones: Tones = field(default_factory=Tones)
    dtmf: Dtmf = field(default_factory=Dtmf)
    panel: Panel = field(default_factory=Panel)
    dialling: Dialling = field(default_factory=Dialling)
    quality: Quality = field(default_factory=Quality)
    services: Services = field(default_factory=Services)
    phone: Phone = field(default_factory=Phone)
    door: Door | None = None
    broker: Broker | None = None
    commands: Commands = field(default_factory=Commands)
    log: Log = field(default_factory=Log)
