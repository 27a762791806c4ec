"""JsSIP in a headless Chromium as the far end of a test call.

    async with Browser() as browser:
        bob = await browser.peer(kamailio.ws_url, kamailio.domain, "bob", password, tone=440.0, on_call="answer")
        await bob.wait("registered")

The page (`web/page.js`) is bundled by `make web`.
"""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import psutil
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, ConsoleMessage, Error, Page, Playwright, Route, async_playwright

from tests.support.require import missing, require
from tests.support.tones import RATE, Samples

PACKAGE = "chromium"
BUNDLE = Path(__file__).parents[2] / ".cache" / "web" / "page.js"
_ORIGIN = "http://localhost/"  # a secure context, which getUserMedia and AudioWorklet want; never leaves the browser
_FORBIDDING = (
    "WebRtcHideLocalIpsWithMdns",
    "LocalNetworkAccessChecks",
    "LocalNetworkAccessChecksWebSockets",
    "LocalNetworkAccessChecksWebRTC",
    "LocalNetworkAccessChecksWebTransport",
)
_NO_CARD = "--use-fake-device-for-media-stream"
_SWITCHES = (
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--use-fake-ui-for-media-stream",
    _NO_CARD,
    "--autoplay-policy=no-user-gesture-required",
    "--ignore-certificate-errors",
    "--allow-loopback-in-peer-connection",
    # A page may not reach loopback, nor show its own addresses, unless these are off.
    "--disable-features=" + ",".join(_FORBIDDING),
)

OnCall = Literal["answer", "ring"] | int
"""What a peer does with a call: answer it, let it ring (180), or reject it with a status."""


@dataclass(frozen=True, slots=True)
class PageEvent:
    """Something that happened in the page: JsSIP's name for it, and the details it gave."""

    kind: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.details.get(name)


class PagePeer:
    """A page of its own: its events, its tone, and what it hears."""

    _start = ""
    """The function of the page that starts it."""

    def __init__(self, context: BrowserContext, page: Page, user: str) -> None:
        self.user = user
        self.events: list[PageEvent] = []
        self.console: list[str] = []
        self._context, self._page = context, page
        self._changed = asyncio.Condition()
        self._seen = 0
        self._pcm = bytearray()

    async def open(self, settings: Mapping[str, Any]) -> None:
        """Load the page and start what it is for."""
        self._page.on("console", self._log)
        self._page.on("pageerror", self._fail)
        await self._context.expose_function("report", self._report)
        await self._context.expose_function("heard", self._heard)
        await self._context.route(f"{_ORIGIN}**", _empty_page)
        await self._page.goto(_ORIGIN)
        await self._page.add_script_tag(path=BUNDLE)
        await self._page.evaluate(f"settings => {self._start}(settings)", settings)

    async def wait(self, *kinds: str, seconds: float = 10.0) -> PageEvent:
        """The next event of one of `kinds` after the one waited for last; those in between are passed over."""

        def found() -> int | None:
            return next((i for i, e in enumerate(self.events) if i >= self._seen and e.kind in kinds), None)

        async with self._changed:
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait_for(lambda: found() is not None)
            except TimeoutError:
                had = [event.kind for event in self.events]
                raise TimeoutError(f"{self.user}: no {kinds} in {seconds} s; had {had}; {self.console}") from None
        index = found()
        assert index is not None
        self._seen = index + 1
        return self.events[index]

    def clear(self) -> None:
        """Forget what has happened and what was heard."""
        self.events.clear()
        self._seen = 0
        self.forget()

    async def statistics(self) -> list[dict[str, Any]]:
        """The rows of the connection's `getStats()`."""
        rows: list[dict[str, Any]] = await self._page.evaluate("() => statistics()")
        return rows

    def heard(self) -> Samples:
        """What arrived, at 48 kHz, since the call's media began or `forget()` was called."""
        return np.frombuffer(bytes(self._pcm), dtype=np.int16)

    def forget(self) -> None:
        """Begin the recording anew."""
        self._pcm.clear()

    async def listen(self, seconds: float) -> Samples:
        """What arrives during the next `seconds`."""
        self.forget()
        wanted = round(seconds * RATE)
        async with asyncio.timeout(seconds * 3 + 5), self._changed:
            await self._changed.wait_for(lambda: len(self._pcm) >= 2 * wanted)
        return self.heard()[:wanted]

    async def _report(self, event: dict[str, Any]) -> None:
        async with self._changed:
            kind = event.pop("type")
            if kind == "recording":
                self._pcm.clear()
            self.events.append(PageEvent(kind, event))
            self._changed.notify_all()

    async def _heard(self, chunk: str) -> None:
        async with self._changed:
            self._pcm += base64.b64decode(chunk)
            self._changed.notify_all()

    def _log(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text}")

    def _fail(self, error: Error) -> None:
        self.console.append(f"uncaught: {error}")


class JsSipPeer(PagePeer):
    """A JsSIP user agent."""

    _start = "peer.start"

    async def on_call(self, what: OnCall) -> None:
        """Decide what happens with the next incoming call."""
        await self._page.evaluate("what => peer.onCall(what)", what)

    async def call(self, target: str, headers: Mapping[str, str] | None = None) -> None:
        """Call a URI; `headers` go into the INVITE."""
        lines = [f"{name}: {value}" for name, value in (headers or {}).items()]
        await self._page.evaluate("([target, lines]) => peer.call(target, lines)", [target, lines])

    async def answer(self) -> None:
        """Answer the call that rings."""
        await self._page.evaluate("() => peer.answer()")

    async def reject(self, status: int) -> None:
        """Reject the call that rings."""
        await self._page.evaluate("status => peer.end(status)", status)

    async def hang_up(self) -> None:
        """CANCEL, reject or BYE, whichever the call's state wants."""
        await self._page.evaluate("() => peer.end(0)")

    async def hold(self) -> None:
        """Put the call on hold (re-INVITE, sendonly)."""
        assert await self._page.evaluate("() => peer.hold()"), "JsSIP cannot hold now"

    async def resume(self) -> None:
        """End the hold (re-INVITE, sendrecv)."""
        assert await self._page.evaluate("() => peer.unhold()"), "JsSIP cannot resume now"

    async def restart(self) -> None:
        """Restart ICE (re-INVITE with new credentials under the same fingerprint)."""
        assert await self._page.evaluate("() => peer.restart()"), "JsSIP cannot re-negotiate now"

    async def refer(self, target: str) -> None:
        """Send the far end of the call elsewhere (REFER)."""
        await self._page.evaluate("target => peer.refer(target)", target)

    async def send_message(self, body: str) -> None:
        """Send JSON in the call (MESSAGE)."""
        await self._page.evaluate("body => peer.message(body)", body)

    async def send_digits(self, digits: str, *, milliseconds: int = 200, via: str = "RFC2833") -> None:
        """Send DTMF as telephone events (RFC 4733), or as INFO with `via="INFO"`."""
        await self._page.evaluate("([d, ms, via]) => peer.digits(d, ms, via)", [digits, milliseconds, via])

    async def close(self) -> None:
        """Un-register and close the page."""
        await self._page.evaluate("() => peer.stop()")
        await self._context.close()


class ConnectionPeer(PagePeer):
    """A bare RTCPeerConnection with one audio track; its descriptions hold every candidate."""

    _start = "bare.start"

    async def offer(self, *, restart: bool = False, direction: str = "") -> str:
        """Its first or next offer; with new ICE credentials, or another direction."""
        options = {"restart": restart, "direction": direction}
        return str(await self._page.evaluate("options => bare.offer(options)", options))

    async def answer(self, offer: str) -> str:
        """Its answer to an offer."""
        return str(await self._page.evaluate("sdp => bare.answer(sdp)", offer))

    async def accept(self, answer: str) -> None:
        """Take the answer to its offer."""
        await self._page.evaluate("sdp => bare.accept(sdp)", answer)

    async def send_digits(self, digits: str, *, milliseconds: int = 200) -> None:
        """Send DTMF as telephone events."""
        await self._page.evaluate("([digits, ms]) => bare.digits(digits, ms)", [digits, milliseconds])

    async def close(self) -> None:
        """Close the connection and the page."""
        await self._page.evaluate("() => bare.stop()")
        await self._context.close()


class Browser:
    """A Chromium process; each peer gets a context of its own in it.

    With `card`, the environment of a PulseAudio, its pages find that sound card; else a device that Chromium makes up.
    With `hides_addresses` its host candidates are names under .local, as for a page that may use no microphone.
    """

    def __init__(self, card: Mapping[str, str] | None = None, *, hides_addresses: bool = False) -> None:
        self._card = card
        self._hides_addresses = hides_addresses
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None

    async def __aenter__(self) -> Self:
        program = require("chromium", "chromium-browser", "google-chrome", package=PACKAGE)
        if not BUNDLE.exists():
            missing(f"{BUNDLE.name} of the test page is not built: make web")
        self._playwright = await async_playwright().start()
        switches = [switch for switch in _SWITCHES if self._card is None or switch != _NO_CARD]
        if self._hides_addresses:
            switches = [switch.replace(f"{_FORBIDDING[0]},", "") for switch in switches]
        self._chromium = await self._playwright.chromium.launch(
            executable_path=program,
            args=switches,
            env=None if self._card is None else dict(self._card),
            ignore_default_args=[] if self._card is None else ["--mute-audio"],
        )
        return self

    @property
    def pid(self) -> int:
        """The process that has a card of its own; the others of this Chromium are its children."""
        assert self._card is not None
        return next(
            process.pid
            for process in psutil.Process().children(recursive=True)
            if "--headless" in " ".join(process.cmdline())
            and "--type=" not in " ".join(process.cmdline())
            and process.environ().get("PULSE_SERVER") == self._card["PULSE_SERVER"]
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._chromium is not None:
            await self._chromium.close()
        if self._playwright is not None:
            await self._playwright.stop()

    async def peer(
        self,
        registrar: str,
        domain: str,
        user: str,
        password: str,
        *,
        tone: float | None = 440.0,
        on_call: OnCall = "ring",
        display_name: str = "",
        card: bool = False,
    ) -> JsSipPeer:
        """A user agent that registers; it speaks the tone (Hz), None is silence; or through the browser's card."""
        context, page = await self._new_page()
        peer = JsSipPeer(context, page, user)
        await peer.open(
            {
                "registrar": registrar,
                "domain": domain,
                "user": user,
                "password": password,
                "tone": tone,
                "onCall": on_call,
                "displayName": display_name,
                "card": card,
            }
        )
        return peer

    async def connection(
        self, name: str = "browser", *, tone: float | None = 440.0, rsa: bool = False
    ) -> ConnectionPeer:
        """An RTCPeerConnection for which the test is the signalling; it speaks the tone (Hz), None is silence.

        With `rsa` its certificate has such a key, in place of an elliptic one.
        """
        context, page = await self._new_page()
        peer = ConnectionPeer(context, page, name)
        await peer.open({"tone": tone, "rsa": rsa})
        return peer

    async def blank(self) -> Page:
        """An empty page that may use the microphone, for a script of one's own. Close its context."""
        context, page = await self._new_page()
        await context.route(f"{_ORIGIN}**", _empty_page)
        await page.goto(_ORIGIN)
        return page

    async def _new_page(self) -> tuple[BrowserContext, Page]:
        assert self._chromium is not None, "not started"
        permissions = [] if self._hides_addresses else ["microphone"]
        context = await self._chromium.new_context(permissions=permissions, ignore_https_errors=True)
        return context, await context.new_page()


async def _empty_page(route: Route) -> None:
    await route.fulfill(body="<!doctype html><title>test page</title>", content_type="text/html")
