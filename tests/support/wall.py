"""The dashboard in a headless Chromium, as its tests look at it.

async with Chromium() as chromium:
    wall = await chromium.wall(broker, "operator")
    await wall.until_online(200)
"""

import asyncio
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Playwright, async_playwright

from appliance.app.fleet.broker import FleetBroker
from tests.support.browser import PACKAGE
from tests.support.require import missing, require

PAGE = Path(__file__).parents[2] / "build" / "dashboard"
AXE = Path(__file__).parents[2] / ".cache" / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
TILES = ("online", "calls", "sound", "attention-tile", "day")
_FORBIDDING = ("LocalNetworkAccessChecks", "LocalNetworkAccessChecksWebSockets")
_SWITCHES = (
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    # A page may not reach loopback unless these are off.
    "--disable-features=" + ",".join(_FORBIDDING),
)
DESK, WALL, PHONE = (1440, 900), (1920, 1080), (390, 844)


class Wall:
    """A page with the dashboard, signed in."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._context = context
        page.on("console", self._note)
        page.on("pageerror", self._fail)

    async def sign_in(self, url: str, account: str, password: str) -> None:
        """Open it at `url`, which may end in an address of a view."""
        await self.page.goto(url)
        await self.page.get_by_label("Account").fill(account)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Sign in").click()

    async def go(self, address: str) -> None:
        """Show another view, like `#/units`."""
        await self.page.evaluate("address => { location.hash = address }", address)

    async def tile(self, name: str) -> str:
        """What is written on one of `TILES`, its title left out."""
        return str(await self.page.locator(f".tile.{name} .figure").inner_text())

    async def online(self) -> tuple[int, int]:
        """Units that are online, and all."""
        words = (await self.tile("online")).replace(",", "").replace("/", " ").split()
        return (int(words[0]), int(words[1])) if len(words) == 2 else (0, 0)

    async def until_online(self, units: int, *, seconds: float = 60.0) -> None:
        """Wait until so many units are there and all of them online."""
        await self.until(f"{units} units are online", self.online, lambda found: found == (units, units), seconds)

    async def until(self, what: str, ask: Any, good: Any, seconds: float = 20.0) -> Any:
        """Ask again and again until the answer is good; that answer."""
        end = time.monotonic() + seconds
        while not good(answer := await ask()):
            if time.monotonic() > end:
                raise TimeoutError(f"not in {seconds:g} s: {what}; last {answer!r}; the page: {self.complaints}")
            await asyncio.sleep(0.05)
        return answer

    async def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.2, A and AA: the rule, and where."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text("utf-8"))
        found = await self.page.evaluate(
            "tags => axe.run(document, { runOnly: tags }).then(({ violations }) => violations.map(({ id, nodes }) => "
            "`${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(' | ')}`))",
            ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        )
        return [str(each) for each in found]

    async def close(self) -> None:
        """Close the page; whatever it complained of is a failure."""
        await self._context.close()
        assert not self.complaints, self.complaints

    def _note(self, message: ConsoleMessage) -> None:
        # What the network does is the browser's word, and no fault of the page.
        if message.type in {"error", "warning"} and not message.text.startswith("WebSocket connection to"):
            self.complaints.append(message.text)

    def _fail(self, error: Error) -> None:
        self.complaints.append(f"uncaught: {error}")


class Chromium:
    """A browser process; each wall gets a context of its own in it."""

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def __aenter__(self) -> Self:
        program = require("chromium", "chromium-browser", "google-chrome", package=PACKAGE)
        if not (PAGE / "index.html").exists():
            missing("the dashboard is not built: make dashboard")
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(executable_path=program, args=list(_SWITCHES))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()

    async def wall(
        self,
        broker: FleetBroker,
        account: str = "dashboard",
        address: str = "",
        *,
        url: str = "",
        size: tuple[int, int] = DESK,
        scheme: Any = "dark",
        scale: float = 1.0,
    ) -> Wall:
        """The dashboard as `account`, at an address like `#/units`; `url` is another way to its page."""
        assert self._browser is not None, "not started"
        context = await self._browser.new_context(
            ignore_https_errors=True,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            device_scale_factor=scale,
        )
        wall = Wall(context, await context.new_page())
        await wall.sign_in(f"{url or broker.url}{address}", account, broker.passwords[account].reveal())
        return wall
