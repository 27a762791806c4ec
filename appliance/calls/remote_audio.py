"""What a conference says of its sound, in an INFO of the dialog: "remote-audio" or "no-remote-audio"."""

_WORDS = {b"remote-audio": True, b"no-remote-audio": False}


def heard(body: bytes) -> bool | None:
    """Whether it has sound for us; None for an INFO about something else."""
    return _WORDS.get(body.strip().lower())
