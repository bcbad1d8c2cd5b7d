"""How a key becomes a header: bearer token, named header, or nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.core.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping


class AuthStrategy(ABC):
    """Adds a provider's authentication to the headers of a call."""

    @abstractmethod
    def prepare_headers(self, base_headers: Mapping[str, str]) -> dict[str, str]:
        """A copy of the headers with the authentication added.

        A header of the same name, however it is spelt, gives way: what a caller adds to a request
        cannot replace the key. The argument is left as it is.
        """


@dataclass(frozen=True, slots=True)
class BearerTokenAuth(AuthStrategy):
    """`Authorization: Bearer …`, as OpenAI, OpenRouter and most compatible servers want it.

    Attributes:
        token: The key; "" adds no header, for servers that ask for none.

    Raises:
        ConfigurationError: The key holds a line break, a blank or a non-ASCII character.
    """

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "token", _checked(self.token))

    def prepare_headers(self, base_headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with `Authorization` set."""
        key = _clear(self.token)
        return _with_header(base_headers, "Authorization", f"Bearer {key}" if key else "")


@dataclass(frozen=True, slots=True)
class ApiKeyAuth(AuthStrategy):
    """The key in a header of its own: `x-api-key` for Anthropic, `api-key` for Azure.

    Attributes:
        api_key: The key; "" adds no header.
        header: Name of the header.

    Raises:
        ConfigurationError: The key holds a line break, a blank or a non-ASCII character.
    """

    api_key: str = field(repr=False)
    header: str = "x-api-key"

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_key", _checked(self.api_key))

    def prepare_headers(self, base_headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with the key's own one set."""
        return _with_header(base_headers, self.header, _clear(self.api_key))


@dataclass(frozen=True, slots=True)
class NoAuth(AuthStrategy):
    """No authentication: a server on this machine."""

    def prepare_headers(self, base_headers: Mapping[str, str]) -> dict[str, str]:
        """A plain copy."""
        return dict(base_headers)


def _with_header(base_headers: Mapping[str, str], name: str, value: str) -> dict[str, str]:
    if not value:
        return dict(base_headers)
    lower = name.lower()
    headers = {key: kept for key, kept in base_headers.items() if key.lower() != lower}
    headers[name] = value
    return headers


def _clear(key: str) -> str:
    return key.reveal() if isinstance(key, Secret) else key


def _checked(key: str) -> Secret:
    clear = _clear(key)
    if any(not 33 <= ord(char) <= 126 for char in clear):
        raise ConfigurationError(
            "the API key holds blanks, line breaks or non-ASCII characters",
            hint="copy the key again, without quotes or a line break at its end",
        )
    return Secret(clear)
