"""Who logs in: with a password, or with an access token and nothing to say to a digest challenge."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from appliance.calls.access_token import AccessToken
from appliance.errors import UsageError
from appliance.sip.events import HeaderPairs

_BLANK: Final = " "
"""What a registrar of tokens has as everybody's password, should it ask for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One login. Neither password nor token ever prints."""

    user: str
    password: str = field(repr=False)
    token: AccessToken | None = None

    @classmethod
    def of_password(cls, user: str, password: str) -> Self:
        """The usual login. Raises `UsageError` for an empty one."""
        if not user or not password:
            raise UsageError("user and password must be given")
        return cls(user=user, password=password)

    @classmethod
    def of_token(cls, token: AccessToken, login: datetime) -> Self:
        """The login of whoever `token` names."""
        return cls(user=token.user(login), password=_BLANK, token=token)

    def headers(self, name: str) -> HeaderPairs:
        """What REGISTER and INVITE carry: the token in the header `name`."""
        return () if self.token is None else ((name, self.token.text),)

    @property
    def may_call(self) -> bool:
        """The token allows outgoing calls, or says nothing of them."""
        return self.token is None or self.token.outgoing is not False

    @property
    def may_be_called(self) -> bool:
        """The token allows incoming calls, or says nothing of them."""
        return self.token is None or self.token.incoming is not False
