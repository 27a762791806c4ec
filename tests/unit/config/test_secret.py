import copy
import logging
import pickle
import traceback

import pytest

from appliance.config.model import Line
from appliance.config.secret import Secret

WORD = "correct-horse-battery"


def test_it_is_revealed_only_on_demand() -> None:
    secret = Secret(WORD)
    assert secret.reveal() == WORD
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret:>40}", f"{secret!r}", str([secret])):
        assert WORD not in shown


def test_a_dataclass_that_holds_it_does_not_show_it() -> None:
    line = Line(registrars=("ws://a",), user="1", password=Secret(WORD), domain="a")
    assert WORD not in repr(line)


def test_it_does_not_reach_a_log_or_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(WORD)
    logging.getLogger("test").warning("with %s and %r", secret, secret)
    assert WORD not in caplog.text
    assert WORD not in "".join(traceback.format_exception(ValueError(secret)))


def test_it_is_not_pickled_or_copied() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(WORD))
    with pytest.raises(TypeError):
        copy.copy(Secret(WORD))


def test_equality_truth_and_hash() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))
    assert not Secret("")
    assert Secret("x")
