"""The dashboard's model, which draws nothing: its own tests, run by Node."""

import subprocess
from pathlib import Path

from tests.support.require import require

DASHBOARD = Path(__file__).parents[2] / "deploy" / "dashboard"


def test_the_model_of_the_dashboard() -> None:
    node = require("node", package="npm")
    done = subprocess.run([node, "--test", "test"], cwd=DASHBOARD, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
