"""What the reports of the hook switch mean."""

import pytest

from appliance.phone.hook import Hook, HookMove


@pytest.mark.parametrize(
    ("before", "report", "move"),
    [
        (None, True, HookMove.FOUND_OFF),
        (None, False, HookMove.REPLACED),
        (False, True, HookMove.LIFTED),
        (True, False, HookMove.REPLACED),
        (True, True, HookMove.NONE),
        (False, False, HookMove.NONE),
    ],
)
def test_moves(before: bool | None, report: bool, move: HookMove) -> None:
    assert Hook(before).moved(report) == (Hook(report), move)
