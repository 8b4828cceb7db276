"""Errors of a live source: temporary and permanent ones."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from yarl import URL

from sandik.errors import SandikError, UsageError
from sandik.ingest.escaped import printable, scrubbed, without_secrets

#: Answers that are permanent.
_FINAL = {
    401: "the token is missing or wrong: see --token-file",
    403: "the token does not allow it: see --token-file",
}


class LostError(Exception):
    """The connection is lost or failed; another attempt may succeed. The text says why."""


class SourceError(SandikError):
    """A live source refuses permanently. The message says what to do."""


def same_host_only() -> aiohttp.TraceConfig:
    """Return a tracer that refuses redirects to another host, or from TLS to no TLS."""

    async def refuse(_: object, __: object, redirect: aiohttp.TraceRequestRedirectParams) -> None:
        target = redirect.response.headers.get("Location") or redirect.response.headers.get("URI") or ""
        try:
            to = redirect.url.join(URL(target))
        except ValueError as error:
            raise SourceError("it redirects to what is not an address") from error
        is_safe = to.scheme == redirect.url.scheme or to.scheme in ("https", "wss")
        if to.host != redirect.url.host or not is_safe:
            raise SourceError(
                f"{without_secrets(str(redirect.url))} redirects to {printable(to.scheme)}://"
                f"{printable(to.host or '')}: use that address if it is the right one"
            )

    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(refuse)
    return tracing


@contextmanager
def connection_errors(url: str) -> Iterator[None]:
    """Turn errors of aiohttp into LostError, or into SourceError or UsageError if they are permanent."""
    shown = without_secrets(url)
    try:
        yield
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
        # Not temporary: with an invalid certificate, the data could come from anyone.
        raise SourceError(
            f"{shown}: its certificate cannot be trusted, or it speaks no TLS: {scrubbed(str(error), url)}"
        ) from error
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise UsageError(f"{shown} is not an address") from error
    except aiohttp.ClientResponseError as error:
        if 400 <= error.status < 500 and error.status not in (408, 425, 429):
            advice = _FINAL.get(error.status, error.message)
            raise SourceError(f"{shown} answers {error.status}: {scrubbed(advice, url)}") from error
        raise LostError(f"answers {error.status} {scrubbed(error.message, url)}") from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise LostError(scrubbed(str(error), url) or type(error).__name__) from error
