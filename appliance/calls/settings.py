"""What a client is told before it starts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from appliance.calls.dtmf import DtmfOptions
from appliance.calls.service_settings import ServiceSettings
from appliance.errors import UsageError
from appliance.media.settings import MediaSettings
from appliance.media.tone_plan import COUNTRIES
from appliance.quality.thresholds import PRESETS
from appliance.quality.tracking import Tracking, effective
from appliance.sip.settings import LivenessSettings
from appliance.units import Seconds

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")  # RFC 3261 §25.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Where the registrar is, who we are, and how calls are treated. Raises `UsageError` for what can't work."""

    registrars: tuple[str, ...] | str
    """`ws://` or `wss://` URLs of the registrar, the nearest first: tried in order, and gone back to."""
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further URLs by the name of a region, the nearest first."""
    client_region: str = ""
    """The region of `regions` that we are in: its registrars come before all others, and calls name it."""
    domain: str = ""
    """The SIP domain; "" is the first registrar's host."""
    display_name: str = ""
    """What the far end may show as our name."""
    ca_file: str | None = None
    """Trust anchors for `wss`, a PEM file; None is the system's."""
    instance_id: str = ""
    """`urn:uuid:…` of this unit (RFC 5626 §4.1); "" makes one."""
    identifier: str = ""
    """Tells this unit from others of the same user: see `Client.set_identifier`."""
    register_expires: int = 120
    """Seconds a registration lasts, 100-86400; it is refreshed in time."""
    session_expires: int = 1800
    """Seconds a call lasts unless one side refreshes it (RFC 4028), 90-86400; 0: we ask for nothing of the kind."""
    liveness: LivenessSettings = field(default_factory=LivenessSettings)
    """How a registrar is asked for signs of life, and how soon one that gives none counts as dead."""
    failback: Seconds = Seconds(300.0)
    """How long after the first registrar failed it is tried again while another serves; 0: never."""
    connect_timeout: Seconds = Seconds(10.0)
    """How long one registrar may take to accept a connection before the next is tried."""
    token_header: str = "X-Plivo-Jwt"  # noqa: S105 -- the name of a header
    """The header that carries an access token; the registrar's answers name what is wrong in `<this>-Error-Code`."""
    auto_register: bool = True
    """`login()` registers; without, it only connects and `register()` is yours."""
    media: MediaSettings = field(default_factory=MediaSettings)
    """Codecs, ICE, bit rate."""
    login_timeout: Seconds = Seconds(15.0)
    """How long `login()` and `register()` wait for the registrar."""
    ring_timeout: Seconds = Seconds(60.0)
    """How long a call rings, either way, before it ends with "No Answer"."""
    media_timeout: Seconds = Seconds(10.0)
    """A call whose first media path could not be opened, or was lost before the answer, is ended after this long."""
    redial_within: Seconds = Seconds(10.0)
    """A call of ours that is not answered when the connection is lost is made anew if that is back in time; 0: ended.

    The far end stops ringing, and rings again. Who calls us and is not answered yet is lost with the connection.
    """
    reconnect_timeout: Seconds = Seconds(30.0)
    """A call that lost its media path, and could not get it back, is ended after this long."""
    allow_multiple_incoming: bool = False
    """Further incoming calls ring too; otherwise they are answered 486 Busy Here while there is a call."""
    services: ServiceSettings = field(default_factory=ServiceSettings)
    """Transfer, redirection, forwarding and the like."""
    calls_folder: Path | None = None
    """Where calls in progress are written down, so that they outlive a crash of this program; None: they don't.

    A folder of this line alone; in memory, as /run, it serves best. The files are secrets, and readable by their user
    only.
    """
    restore_within: Seconds = Seconds(60.0)
    """A call is taken up again that a former run left no longer ago; an older one is ended at the far end. 0: each."""
    close_protection: bool = False
    """`close()` waits for the calls to end, ringing ones included, unless it is forced."""
    close_timeout: Seconds = Seconds(2.0)
    """How long `close()` and `logout()` wait for the registrar's last answer."""
    tones: bool = False
    """Sound ringtone and ringback by itself; off where a telephone around the client decides that."""
    use_default_audio_device: bool = False
    """Stay with the system's default microphone and speaker when others are plugged in; else the latest are used."""
    country: str = ""
    """Whose tones: two letters, like DE, US or GB; "" is what most of Europe has (see `media.tone_plan`)."""
    connect_tone: bool = True
    """Sound a soft tone from the INVITE until something is heard of the far end; `Client.set_connect_tone`."""
    cache_folder: str = ""
    """Where sounds from the web are kept; "" is the user's cache (XDG_CACHE_HOME)."""
    dtmf_options: DtmfOptions = field(default_factory=DtmfOptions)
    """How digits go out and come in."""
    strict_headers: bool = False
    """The narrower rule for `X-PH-…` headers (see `calls.headers.checked`)."""
    enable_tracking: bool = True
    """Quality is told here, and may be told elsewhere; `enable_quality_tracking` is the finer choice."""
    enable_quality_tracking: str = "all"
    """"all", "remoteonly" (no `MediaMetrics`, no warnings), "localonly" (nothing leaves the unit) or "none".

    What is not "all" overrides `enable_tracking`.
    """
    quality_preset: str = "documented"
    """The rules of `MediaMetrics` and warnings: "documented", or an SDK's as shipped, "plivo" or "twilio"."""
    feedback_url: str = ""
    """`https://` address that feedback is posted to as JSON; "" posts none."""
    feedback_ca_file: str | None = None
    """Trust anchors for it, a PEM file; None is the system's."""
    perm_on_click: bool = True
    """The microphone is opened for a call only; otherwise it is tried once when the client opens, too."""
    capture_sdk_crash_only: bool = False
    """`CrashReported` tells of errors in this package's own tasks only, not in the application's callbacks."""
    crash_report_url: str = ""
    """`https://` address that they are posted to as JSON; "" posts none."""
    crash_report_ca_file: str | None = None
    """Trust anchors for it, a PEM file; None is the system's."""

    def __post_init__(self) -> None:
        problems = [*self._registrar_problems(), *self._time_problems(), *identifier_problems(self.identifier)]
        if not _TOKEN.fullmatch(self.token_header):
            problems.append(f"token_header: {self.token_header!r} is no name of a header, like X-Plivo-Jwt")
        if self.country and self.country.upper() not in COUNTRIES:
            problems.append(f"country: {self.country!r} is not one of {', '.join(COUNTRIES)}")
        problems += self._quality_problems()
        if problems:
            raise UsageError("; ".join(problems))

    def _registrar_problems(self) -> Iterator[str]:
        if not self.registrar_urls:
            yield "registrars: name at least one"
        for url in (*self.registrar_urls, *(url for urls in self.regions.values() for url in urls)):
            if urlsplit(url).scheme not in ("ws", "wss") or not urlsplit(url).hostname:
                yield f"registrars: {url!r} is not ws://host… or wss://host…"
        if self.client_region and self.client_region not in self.regions:
            known = ", ".join(sorted(self.regions)) or "none is configured"
            yield f"client_region: {self.client_region!r} is not one of {known}"

    def _time_problems(self) -> Iterator[str]:
        if not 100 <= self.register_expires <= 86_400:
            yield f"register_expires: {self.register_expires} is outside 100-86400"
        if self.session_expires and not 90 <= self.session_expires <= 86_400:
            yield f"session_expires: {self.session_expires} is neither 0 nor in 90-86400"
        if self.failback < 0.0:
            yield "failback: must not be less than 0"
        waits = ("login_timeout", "ring_timeout", "media_timeout", "reconnect_timeout", "close_timeout")
        for name in (*waits, "connect_timeout"):
            if getattr(self, name) <= 0.0:
                yield f"{name}: must be more than 0"

    def _quality_problems(self) -> Iterator[str]:
        for name, allowed in (("enable_quality_tracking", tuple(Tracking)), ("quality_preset", tuple(PRESETS))):
            value = getattr(self, name)
            if value.lower() not in allowed:
                yield f"{name}: {value!r} is not one of {', '.join(allowed)}"
        for name in ("feedback_url", "crash_report_url"):
            url = getattr(self, name)
            if url and not _is_https(url):
                yield f"{name}: {url!r} is not https://host…"

    @property
    def tracking(self) -> Tracking:
        """What `enable_tracking` and `enable_quality_tracking` come to."""
        return effective(enable_tracking=self.enable_tracking, enable_quality_tracking=self.enable_quality_tracking)

    @property
    def registrar_urls(self) -> tuple[str, ...]:
        """All that are tried, in their order: those of our region, then `registrars`."""
        listed = (self.registrars,) if isinstance(self.registrars, str) else tuple(self.registrars)
        return tuple(dict.fromkeys((*self.regions.get(self.client_region, ()), *listed)))

    @property
    def sip_domain(self) -> str:
        """`domain`, or the host of the first of `registrars`."""
        first = self.registrars if isinstance(self.registrars, str) else next(iter(self.registrars), "")
        return self.domain or urlsplit(first or self.registrar_urls[0]).hostname or ""


def identifier_problems(identifier: str) -> list[str]:
    """What is wrong with an identifier, "" is none at all."""
    if not identifier or _IDENTIFIER.fullmatch(identifier):
        return []
    return [f"identifier: {identifier!r} is not 1 to 64 letters, digits, '.', '_' and '-'"]


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        return False
