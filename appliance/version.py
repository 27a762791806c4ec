"""The version, once: pyproject.toml reads it from here."""

from typing import Final

VERSION: Final = "0.1.0"
PRODUCT: Final = f"intercom-appliance/{VERSION}"
"""What we call ourselves to peers: the User-Agent header, the SDES tool (RFC 3261 §20.41)."""
