"""How imagined units reach their broker: each with a certificate of its own, or all with one account."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from appliance.app.fleet.places import Place
from appliance.config.secret import Secret
from appliance.config.table import read_secret
from appliance.errors import UsageError
from appliance.mqtt.settings import BrokerSettings
from appliance.provision.authority_folder import AuthorityFolder


def settings_of(
    host: str,
    port: int,
    *,
    tls: bool,
    authority: Path | None = None,
    ca_file: Path | None = None,
    user: str = "",
    password_file: Path | None = None,
) -> Callable[[Place], BrokerSettings]:
    """The way of each unit. `authority` is an `AuthorityFolder`'s folder, where certificates are made when needed.

    Raises `UsageError` for what does not go together.
    """
    if authority is not None:
        if not tls or ca_file is not None or user:
            raise UsageError("an authority goes with TLS (mqtts://), and without an account or other trust")
        return certified(AuthorityFolder(authority, datetime.now(UTC)), host, port)
    try:
        password = Secret("") if password_file is None else read_secret(password_file)
    except (OSError, ValueError) as error:
        raise UsageError(f"{password_file}: {error}") from None
    settings = BrokerSettings(host=host, port=port, tls=tls, ca_file=ca_file, user=user, password=password)
    return lambda _place: settings


def certified(folder: AuthorityFolder, host: str, port: int) -> Callable[[Place], BrokerSettings]:
    """Each unit with the certificate that it has in `folder`, or gets now."""

    def settings(place: Place) -> BrokerSettings:
        files = folder.unit(place.name)
        if not files.certificate.exists():
            folder.certify_unit(place.name)
        return BrokerSettings(
            host=host,
            port=port,
            tls=True,
            ca_file=folder.root,
            certificate_file=files.certificate,
            key_file=files.key,
        )

    return settings
