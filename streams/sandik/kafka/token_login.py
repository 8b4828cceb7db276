"""Log in to Kafka with a bearer token (SASL OAUTHBEARER) from a file that something else renews."""

import re
from dataclasses import dataclass
from pathlib import Path

from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator
from aiokafka.errors import KafkaConnectionError

from sandik.errors import UsageError

#: A token by RFC 6750. Anything else in the file must not be sent to Kafka.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True)
class TokenFile(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """Reads the token from the file for every new connection."""

    path: Path

    def read(self) -> str:
        """Return the token.

        Raises:
            UsageError: the file cannot be read, or does not hold a token.
        """
        why = "it does not hold a token"
        try:
            token = self.path.read_text(encoding="ascii").strip()
        except UnicodeDecodeError:
            token = ""
        except OSError as error:
            token, why = "", f"{error.strerror}"
        if not _TOKEN.fullmatch(token):
            raise UsageError(f"SANDIK_SASL_TOKEN_FILE={self.path} cannot be used: {why}")
        return token

    async def token(self) -> str:
        """Return the token, for aiokafka, which tries again if there is none yet."""
        try:
            return self.read()
        except UsageError as error:
            raise KafkaConnectionError(str(error)) from error


class _TokenLogin:
    """aiokafka's own login treats a refusal as success, and then waits forever.

    A server that rejects a token answers why, and refuses the client's next message: RFC 7628, 3.2.3.
    """

    def __init__(self, login: OAuthAuthenticator) -> None:
        self._login = login

    async def step(self, payload: bytes | None) -> tuple[bytes, bool] | None:
        answer: tuple[bytes, bool] | None = (b"\x01", True) if payload else await self._login.step(payload)
        return answer


_login_of = AIOKafkaConnection.authenticator_oauth
AIOKafkaConnection.authenticator_oauth = lambda connection: _TokenLogin(_login_of(connection))
