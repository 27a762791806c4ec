"""Tags, branches and Call-IDs from injected randomness (RFC 3261 §19.3, §8.1.1.7, §8.1.1.4)."""

from collections.abc import Callable

Token = Callable[[int], str]
"""`token(n)` is n random bytes as 2n hexadecimal digits; it must not be guessable (`secrets.token_hex`)."""

MAGIC_COOKIE = "z9hG4bK"
"""How the branches of RFC 3261 begin; others are not unique (§17.2.3)."""


class Identifiers:
    """Makes what has to be unique.

    Attributes:
        host: our Via's sent-by and our Contact's host: a name that never resolves (RFC 7118 §5), the same for the
            user agent's whole life.
        contact_user: the user part of our Contact.
    """

    def __init__(self, token: Token) -> None:
        self._token = token
        self.host = f"{token(6)}.invalid"
        self.contact_user = token(4)

    def branch(self) -> str:
        """A branch for a new transaction."""
        return MAGIC_COOKIE + self._token(8)

    def tag(self) -> str:
        """A tag for a From or To header."""
        return self._token(5)

    def call_id(self) -> str:
        """A Call-ID; it names neither the machine nor its address."""
        return self._token(11)

    def cnonce(self) -> str:
        """A client nonce for a digest."""
        return self._token(8)

    def fraction(self) -> float:
        """A number in [0, 1): for the random waits of RFC 3261 §14.1."""
        return int(self._token(3), 16) / (1 << 24)

    def instance(self) -> str:
        """A random UUID as a URN (RFC 4122 §4.4, RFC 5626 §4.1)."""
        digits = self._token(16)
        variant = "89ab"[int(digits[16], 16) % 4]
        return f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
