"""What may go wrong with a live source: what waiting mends, and what it does not."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from streams.errors import SandikError, UsageError

#: Answers that another attempt will not change.
_FINAL = {
    401: "the token is missing or wrong: see --token-file",
    403: "the token does not allow it: see --token-file",
}


class LostError(Exception):
    """The connection is gone or never came about; another attempt may succeed. The text says why."""


class SourceError(SandikError):
    """A live source that refuses for good. The message says what to do."""


@contextmanager
def connection_errors(url: str) -> Iterator[None]:
    """Turn what aiohttp raises into LostError, or SourceError and UsageError where waiting will not help."""
    try:
        yield
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
        # A certificate that is wrong today was not wrong by accident: what comes could be anybody's.
        raise SourceError(
            f"{url}: its certificate cannot be trusted, or it speaks no TLS: {error}"
        ) from error
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise UsageError(f"{url} is no address") from error
    except aiohttp.ClientResponseError as error:
        if 400 <= error.status < 500 and error.status not in (408, 425, 429):
            advice = _FINAL.get(error.status, error.message)
            raise SourceError(f"{url} answers {error.status}: {advice}") from error
        raise LostError(f"answers {error.status} {error.message}") from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise LostError(str(error) or type(error).__name__) from error
