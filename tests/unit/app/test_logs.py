import io
import json
import logging
from collections.abc import Iterator

import pytest

from appliance.app import logs
from appliance.app.note_handler import NoteHandler
from appliance.config.model import Log, LogFormat


@pytest.fixture(autouse=True)
def root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_lines_for_people() -> None:
    stream = io.StringIO()
    logs.configure(Log(level="info"), stream=stream)
    logging.getLogger("appliance.calls").info("password=%s", "s3cr3t")
    logging.getLogger("appliance.calls").debug("not told")
    assert stream.getvalue().endswith(" info calls: password=********\n")
    assert stream.getvalue().count("\n") == 1


def test_json_with_a_traceback() -> None:
    stream = io.StringIO()
    logs.configure(Log(level="warning", format=LogFormat.JSON), stream=stream)
    logger = logging.getLogger("appliance.sip")
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        logger.exception("it broke")
    record = json.loads(stream.getvalue())
    assert (record["level"], record["logger"], record["message"]) == ("error", "appliance.sip", "it broke")
    assert "ZeroDivisionError" in record["error"]


def test_libraries_are_quiet() -> None:
    stream = io.StringIO()
    logs.configure(Log(level="debug"), stream=stream)
    logging.getLogger("websockets.client").info("frame")
    assert stream.getvalue() == ""


def test_notes_beside_a_panel() -> None:
    notes: list[str] = []
    logs.configure(Log(level="info"), handler=NoteHandler(notes.append))
    logging.getLogger("x").info("one\ntwo")
    assert [note[-3:] for note in notes] == ["one", "two"]
