"""A measured call between two peer connections of Chromium, over a relay.

Both are in one page with one AudioContext, so that said and heard have one clock. What is timed goes from WebAudio's
source through a `MediaStreamAudioDestinationNode` to the sender, and from the receiver through a
`MediaStreamAudioSourceNode` to a worklet: these buffers are part of it, a sound card's are not.
"""

import base64
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.async_api import Page

from appliance.media.frame import SAMPLE_RATE, Pcm
from tests.bench.bursts import sound, timed
from tests.bench.relay import Relay
from tests.bench.trace import Impairment
from tests.bench.two_processes import SETTLED, InvalidRunError, Measured, steadied
from tests.support.browser import Browser

_SCRIPT: Final = Path(__file__).with_name("chromium.js")
_SLOW: Final = 0.02
"""Share of time that the AudioContext may fall behind for a run to count."""


async def browser_call(browser: Browser, impairment: Impairment, seconds: float) -> Measured:
    """Call, talk for `seconds` after settling, and measure. Raises `InvalidRunError`."""
    page = await browser.blank()
    try:
        return await _call(page, impairment, seconds)
    finally:
        await page.context.close()


async def _call(page: Page, impairment: Impairment, seconds: float) -> Measured:
    pcm = sound(seconds + SETTLED + 2.0)
    await page.add_script_tag(path=_SCRIPT)
    await page.evaluate("pcm => bench.start(pcm)", base64.b64encode(pcm.tobytes()).decode())
    relay = Relay(impairment)
    began = time.monotonic()
    offer = relay.described(await page.evaluate("() => bench.offer()"), end=0)
    answer = relay.described(await page.evaluate("sdp => bench.answer(sdp)", offer), end=1)
    await page.evaluate("sdp => bench.accept(sdp)", answer)
    await page.evaluate("() => bench.connected()")
    set_up = time.monotonic() - began
    begin = await page.evaluate("() => bench.speak()")
    await page.wait_for_timeout(1000 * SETTLED)
    before = await page.evaluate("() => bench.usage()")
    await page.wait_for_timeout(1000 * seconds)
    after = await page.evaluate("() => bench.usage()")
    await page.wait_for_timeout(1000)
    recordings = await page.evaluate("() => bench.report()")
    passage = relay.close()
    elapsed, wall = after["at"] - before["at"], after["wall"] - before["wall"]
    if abs(elapsed / wall - 1.0) > _SLOW or not passage.valid:
        raise InvalidRunError(f"the browser played {elapsed:.1f} s in {wall:.1f} s, packets {passage.lag:.0f} ms late")
    timings = [timed([(begin, pcm)], [_heard(each)], after=before["at"], until=after["at"]) for each in recordings]
    return Measured(
        delays=tuple(sorted(delay for timing in timings for delay in timing.delays)),
        missing=sum(timing.missing for timing in timings),
        absent=(after["absent"] - before["absent"]) / (after["played"] - before["played"]),
        set_up=set_up * 1000.0,
        **steadied(timings),
    )


def _heard(recording: dict[str, Any]) -> tuple[float, Pcm]:
    pcm = np.frombuffer(base64.b64decode(recording["pcm"]), dtype=np.int16)
    if recording["last"] - recording["frame"] + 128 != pcm.size:
        raise InvalidRunError("the browser's recorder left samples out")
    return recording["frame"] / SAMPLE_RATE, pcm[: pcm.size // 48 * 48]
