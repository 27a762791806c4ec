"""A certificate authority that lives as long as a test, and the certificates it issues."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.provision import authority

LOOPBACK_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key, as PEM files."""

    chain: Path
    key: Path


class Authority:
    """Makes its own root in `folder`; `root` is the PEM file to trust."""

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        self._folder = folder
        self._now = datetime.now(UTC)
        self._authority = authority.Authority.create(name, self._validity(30))
        self.root = folder / "authority.crt"
        self.root.write_bytes(self._authority.root)

    def issue(self, *names: str, file: str = "server", days: float = 30, starts: float | None = None) -> Certificate:
        """A certificate for DNS names and IP addresses.

        Negative `days` makes one that has expired; `starts` one that is valid only that many seconds from now on.
        """
        issued = self._authority.server(names or LOOPBACK_NAMES, self._validity(days, starts))
        certificate = Certificate(self._folder / f"{file}.crt", self._folder / f"{file}.key")
        certificate.chain.write_bytes(issued.certificate)
        certificate.key.touch(mode=0o600)
        certificate.key.write_bytes(issued.key)
        return certificate

    def _validity(self, days: float, starts: float | None = None) -> authority.Validity:
        begin = self._now - timedelta(days=60) if starts is None else datetime.now(UTC) + timedelta(seconds=starts)
        return authority.Validity(begin, self._now + timedelta(days=days))
