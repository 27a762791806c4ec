"""The README's example is run from the README, by the README's reader: in a folder of his own, against a registrar."""

import asyncio
import re
import sys
import wave
from pathlib import Path

from appliance.sim.far_end import Behaviour, FarEnd
from appliance.sim.registrar import Registrar
from tests.support.tones import hear, read_wav, sine

README = Path(__file__).parents[2] / "README.md"


def example() -> str:
    """The one Python block of the README."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 1, "the README teaches with one example"
    return str(blocks[0])


async def test_the_example_logs_in_calls_plays_hears_and_hangs_up(tmp_path: Path) -> None:
    (tmp_path / "example.py").write_text(example())
    with wave.open(str(tmp_path / "hello.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(sine(1000.0, 10.0).tobytes())
    async with (
        Registrar({"alice": "secret", "100": "echo"}) as registrar,
        FarEnd(registrar.url, "100", "echo", Behaviour.ECHO),
    ):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "example.py", registrar.url, "alice", "secret"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(process.communicate(), 60.0)
    assert process.returncode == 0, errors.decode()
    for event in ("Login(", "CallAnswered(", "MediaConnected(", "CallTerminated(", "Logout("):
        assert event in output.decode()
    heard, rate = read_wav(tmp_path / "heard.wav")
    assert len(heard) > 3 * rate
    assert hear(heard[rate : 3 * rate], 1000.0).share >= 0.95


def test_the_example_is_ten_lines() -> None:
    body = example().split("def main", 1)[1].split("asyncio.run(", 1)[0].strip().splitlines()
    assert len(body) - 1 <= 10
