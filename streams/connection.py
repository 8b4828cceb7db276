"""How to reach Kafka: servers, encryption, and who we are. The only place that reads a password."""

import ssl
from typing import Any

from streams.errors import UsageError
from streams.settings import Settings


def client_options(settings: Settings) -> dict[str, Any]:
    """Return what every aiokafka client is given.

    Raises:
        UsageError: a file cannot be read, or a name or password is missing.
    """
    options: dict[str, Any] = {"bootstrap_servers": settings.broker}
    protocol = settings.security_protocol
    if protocol != "PLAINTEXT":
        options["security_protocol"] = protocol
    if protocol in ("SSL", "SASL_SSL"):
        options["ssl_context"] = _ssl_context(settings)
    if protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        if settings.sasl_username is None or settings.sasl_password is None:
            raise UsageError(f"SANDIK_SECURITY_PROTOCOL={protocol} needs SANDIK_SASL_USERNAME and _PASSWORD")
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    return options


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile)
        if settings.ssl_certfile is not None:
            context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile)
    except (OSError, ssl.SSLError) as error:
        files = [file for file in (settings.ssl_cafile, settings.ssl_certfile, settings.ssl_keyfile) if file]
        raise UsageError(f"TLS cannot be set up from {', '.join(map(str, files))}: {error}") from error
    return context
