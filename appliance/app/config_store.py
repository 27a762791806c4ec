"""[I/O] The trial of a configuration on the disk: whole, or as it was."""

import json
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from appliance.app.config_trial import Layer, Trial
from appliance.mqtt.command_payloads import ConfigState

log = logging.getLogger(__name__)

_FILE: Final = "configuration.json"


class ConfigStore:
    """One file in the unit's state folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE

    def read(self) -> Trial:
        """What is kept; the unit's own file alone if nothing is, or if it can't be read."""
        try:
            value = json.loads(self._file.read_text(encoding="utf-8"))
            return Trial(
                state=ConfigState(value["state"]),
                now=Layer(**value["now"]),
                before=Layer(**value["before"]),
                tried=value["tried"],
                problems=tuple(value["problems"]),
                since=datetime.fromisoformat(value["since"]) if value["since"] else None,
                confirm_within=float(value["confirm_within"]),
                begun=bool(value["begun"]),
            )
        except FileNotFoundError:
            return Trial()
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s can't be read: %s; the unit's own configuration counts", self._file, error)
            return Trial()

    def write(self, trial: Trial) -> None:
        """Keep it over a power cut. Raises `OSError`."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(_document(trial), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _document(trial: Trial) -> dict[str, Any]:
    layers = {
        name: {"version": layer.version, "settings": dict(layer.settings)}
        for name, layer in (("now", trial.now), ("before", trial.before))
    }
    return layers | {
        "state": trial.state.value,
        "tried": trial.tried,
        "problems": list(trial.problems),
        "since": trial.since.isoformat() if trial.since else None,
        "confirm_within": trial.confirm_within,
        "begun": trial.begun,
    }
