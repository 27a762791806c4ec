"""An authority and what it has issued, as files in a folder: what `intercom fleet authority` leaves behind.

    authority.crt            what everybody trusts
    authority.key            who holds this can make units: it belongs on no broker
    server.crt  server.key   the broker's
    revoked.crl              what the broker refuses from now on
    units/<site>/<unit>.crt  .key         people/<role>/<name>.crt  .key

Keys can be read by their owner alone. Whatever is there already stays.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from appliance.errors import UsageError
from appliance.provision.authority import Authority, Issued, Validity, revoked_serials, serial_number

ACCOUNTS: Final = ("dashboard", "operator", "doorkeeper")
"""What people may do: see everything; command as well; open doors as well."""
ROLES: Final = (*ACCOUNTS, "homeassistant")
"""What certificates that are no unit's are for. A broker knows roles by these names, so that no site can be called so:
its rules for units begin with the site."""

_NAME: Final = re.compile(r"(?!\.+$)[A-Za-z0-9_.-]{1,64}")  # of topics, but no folder's . and ..
_LIFE: Final = timedelta(days=3650)  # of the authority and its list
_BACKDATED: Final = timedelta(days=1)  # clocks differ


@dataclass(frozen=True, slots=True)
class Files:
    """A certificate and its key."""

    certificate: Path
    key: Path


class AuthorityFolder:
    """Opens the authority in `folder`, or makes one there. Raises `UsageError`, also for files it can't use."""

    def __init__(self, folder: Path, now: datetime, *, days: int = 825) -> None:
        self._folder = folder
        self._now = now
        self._validity = Validity(now - _BACKDATED, now + timedelta(days=days))
        self._long = Validity(now - _BACKDATED, now + _LIFE)
        self.root = folder / "authority.crt"
        self.revoked = folder / "revoked.crl"
        self.server = Files(folder / "server.crt", folder / "server.key")
        key = folder / "authority.key"
        try:
            if self.root.exists():
                self._authority = Authority(self.root.read_bytes(), key.read_bytes())
                return
            folder.mkdir(parents=True, exist_ok=True)
            self._authority = Authority.create("Intercom fleet authority", self._long)
            self.root.write_bytes(self._authority.root)
            _write_secret(key, self._authority.key)
            self.revoked.write_bytes(self._authority.revocations([], self._long))
        except OSError as error:
            raise UsageError(f"{error.filename or folder}: {error.strerror or error}") from None

    def certify_server(self, names: Sequence[str]) -> Files:
        """The broker's certificate, for the names and addresses it is reached by; replaces the one there was."""
        return self._store(self.server, self._authority.server(names, self._validity))

    def unit(self, name: str) -> Files:
        """The files of the unit `site/unit`, whether they exist or not."""
        site, slash, device = name.partition("/")
        if not slash or not _NAME.fullmatch(site) or not _NAME.fullmatch(device):
            raise UsageError(f"unit {name[:80]!r}: site/unit, both of letters, digits, - _ and .")
        if site in ROLES:
            raise UsageError(f"unit {name[:80]!r}: a site can't be called {', '.join(ROLES)}")
        return self._files("units", site, device)

    def person(self, name: str) -> Files:
        """The files of the person `role/name`, whether they exist or not."""
        role, _, who = name.partition("/")
        if role not in ROLES or not _NAME.fullmatch(who):
            allowed = "letters, digits, - _ and ."
            raise UsageError(f"person {name[:80]!r}: role/name, a role of {', '.join(ROLES)}, a name of {allowed}")
        return self._files("people", role, who)

    def certify_unit(self, name: str) -> Files:
        """A certificate whose name is `site/unit`, 64 characters at most. Raises `UsageError` if it has one."""
        files = self.unit(name)
        self._expect_none(files, f"unit {name}")
        return self._store(files, self._authority.client(name, self._validity))

    def certify_person(self, name: str) -> Files:
        """A certificate for the person `role/name`, whose name is the role. Raises `UsageError` if there is one."""
        files = self.person(name)
        self._expect_none(files, name)
        role, _, who = name.partition("/")
        return self._store(files, self._authority.client(role, self._validity, person=who))

    def revoke(self, name: str) -> None:
        """Take back the certificate of the unit `site/unit` or the person `role/name`; its files are removed."""
        files = self.person(name) if name.partition("/")[0] in ROLES else self.unit(name)
        try:
            serial = serial_number(files.certificate.read_bytes())
            serials = revoked_serials(self.revoked.read_bytes())
            self.revoked.write_bytes(self._authority.revocations([*serials, serial], self._long))
            files.certificate.unlink()
            files.key.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"{name} can't be revoked: {error.filename}: {error.strerror}") from None

    def _files(self, *steps: str) -> Files:
        base = self._folder.joinpath(*steps)
        return Files(base.with_name(f"{base.name}.crt"), base.with_name(f"{base.name}.key"))

    @staticmethod
    def _expect_none(files: Files, whose: str) -> None:
        if files.certificate.exists():
            raise UsageError(f"{whose} has a certificate, {files.certificate}: revoke it before making another")

    @staticmethod
    def _store(files: Files, issued: Issued) -> Files:
        try:
            files.certificate.parent.mkdir(parents=True, exist_ok=True)
            _write_secret(files.key, issued.key)
            files.certificate.write_bytes(issued.certificate)
        except OSError as error:
            raise UsageError(f"{error.filename}: {error.strerror}") from None
        return files


def _write_secret(path: Path, octets: bytes) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(octets)
