"""Who is told of quality: the unit itself, those who collect it elsewhere, both or nobody."""

from enum import StrEnum


class Tracking(StrEnum):
    """The first SDK's words. Local are `MediaMetrics` and warnings; remote is whatever leaves the unit."""

    ALL = "all"
    REMOTE_ONLY = "remoteonly"
    LOCAL_ONLY = "localonly"
    NONE = "none"

    @property
    def local(self) -> bool:
        """`MediaMetrics`, `WarningRaised` and `WarningCleared` are told."""
        return self in (Tracking.ALL, Tracking.LOCAL_ONLY)

    @property
    def remote(self) -> bool:
        """Samples and summaries may be published."""
        return self in (Tracking.ALL, Tracking.REMOTE_ONLY)


def effective(*, enable_tracking: bool, enable_quality_tracking: str) -> Tracking:
    """What both options come to: the second overrides the first, unless it stands at its default, "all".

    Raises `ValueError` for a name that is none.
    """
    tracking = Tracking(enable_quality_tracking.lower())
    return tracking if tracking is not Tracking.ALL or enable_tracking else Tracking.NONE
