"""Text about secrets, without them."""

import re
from typing import Final

from appliance.config.secret import HIDDEN

_SECRETS: Final = re.compile(
    r"""(?P<before>
        (?:\b(?:proxy-)?authorization\s*:\s*)                   # a whole header
        |\b(?:password|passwd|secret|token|response|ice-pwd|jwt)\b\s*["']?\s*[=:]\s*["']?
    )(?P<value>[^\s"',;)}\]]+(?:(?<=Digest)[^\r\n]*)?)
    |(?P<token>\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)  # RFC 7519, wherever it stands""",
    re.IGNORECASE | re.VERBOSE,
)


def redacted(text: str) -> str:
    """`text` with the values of passwords, access tokens and digest responses hidden."""
    return _SECRETS.sub(lambda found: f"{found['before'] or ''}{HIDDEN}", text)
