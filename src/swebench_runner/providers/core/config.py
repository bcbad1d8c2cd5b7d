"""What a person sets for one provider."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.core.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON

ALIASES = {"base_api_url": "base_url", "endpoint": "base_url", "timeout": "timeout_s"}


@dataclass(slots=True, kw_only=True)
class Timeouts:
    """How long each phase of a call may take, in seconds; None switches a timer off.

    Figures to start from: connect 5 s, first event 120 s, idle 60 s since the last byte,
    progress 300 s since the last content, 600 s for one attempt.
    """

    connect_s: float | None = 5.0
    first_event_s: float | None = 120.0
    idle_s: float | None = 60.0
    progress_s: float | None = 300.0
    attempt_s: float | None = 600.0
    deadline_s: float | None = None


@dataclass(slots=True)
class ProviderConfig:
    """Settings of one provider; everything but the name may be left out.

    Attributes:
        name: The provider.
        api_key: Shown as a mask everywhere; None or "" when there is none.
        model: Model to ask when a request names none.
        base_url: Address; `base_api_url` and `endpoint` are accepted as other names of it.
        temperature: Default of requests that set none; None keeps the request's own.
        max_tokens: Default ceiling of answers.
        timeout_s: Ceiling of one call over all attempts, in seconds.
        api: "chat" or "responses" for providers that speak both.
        max_retries: Further attempts after the first; None for the policy's own number.
        timeouts: Timers of the phases of one attempt.
        organization: OpenAI organisation.
        project: OpenAI project.
        valid_models: Long name -> short name, as discovered.
        invalid_models: Names that the provider refused for good.
        extra_params: Fields added to every request body.
        headers: Headers added to every request.

    Raises:
        ConfigurationError: A value is out of range, or the address is not http(s).
    """

    name: str
    api_key: Secret | str | None = field(default=None, repr=False)
    model: str | None = None
    base_url: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: float | None = None
    api: str | None = None
    max_retries: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    organization: str | None = None
    project: str | None = None
    valid_models: dict[str, str] = field(default_factory=dict)
    invalid_models: list[str] = field(default_factory=list)
    extra_params: dict[str, JSON] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.api_key, str) and not isinstance(self.api_key, Secret):
            self.api_key = Secret(self.api_key)
        self.validate()

    @classmethod
    def of(cls, name: str, values: Mapping[str, object]) -> Self:
        """A config from loose keyword values; other names are resolved, unknown ones become `extra_params`.

        Raises:
            ConfigurationError: As the constructor.
        """
        known = {f.name for f in fields(cls)} - {"name"}
        settings: dict[str, object] = {}
        extra: dict[str, object] = {}
        for key, value in values.items():
            field_name = ALIASES.get(key, key)
            (settings if field_name in known else extra)[field_name] = value
        if extra:
            settings["extra_params"] = {**dict(settings.get("extra_params") or {}), **extra}  # type: ignore[call-overload]  # a mapping by its type
        return cls(name, **settings)  # type: ignore[arg-type]  # names are checked above, values by validate

    @property
    def base_api_url(self) -> str | None:
        """Another name of `base_url`."""
        return self.base_url

    @property
    def endpoint(self) -> str | None:
        """Another name of `base_url`."""
        return self.base_url

    @property
    def key(self) -> str:
        """The key in clear, "" when there is none. Only the authentication header needs it."""
        return self.api_key.reveal() if isinstance(self.api_key, Secret) else (self.api_key or "")

    def validate(self) -> None:
        """Refuse values that no provider accepts.

        Raises:
            ConfigurationError: Which field, its value, and what is allowed.
        """
        _check(bool(self.name), self.name, "name", "a provider's name")
        _check(_within(self.temperature, 0, 2), self.name, "temperature", "a number from 0 to 2")
        _check(_within(self.max_tokens, 1, 10_000_000), self.name, "max_tokens", "a positive number")
        _check(_within(self.timeout_s, 0.001, 1e6), self.name, "timeout", "a positive number of seconds")
        _check(_within(self.max_retries, 0, 100), self.name, "max_retries", "a number from 0 to 100")
        if self.base_url:
            parts = urlsplit(self.base_url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
            _check(usable, self.name, "base_url", "an address that begins with http:// or https://")
        if any(ord(char) < 33 or ord(char) > 126 for char in self.key):
            raise ConfigurationError(
                f"the API key of {self.name!r} holds blanks, line breaks or non-ASCII characters",
                self.name,
                hint="copy the key again, without quotes or a line break at its end",
            )

    def fingerprint(self) -> str:
        """A digest that differs as soon as any setting differs; it does not give the key away."""
        values = [(f.name, self.key if f.name == "api_key" else getattr(self, f.name)) for f in fields(self)]
        return hashlib.blake2b(repr(values).encode(), digest_size=16).hexdigest()


def _within(value: float | None, low: float, high: float) -> bool:
    return value is None or low <= value <= high


def _check(holds: bool, provider: str, name: str, allowed: str) -> None:  # noqa: FBT001 - a condition, not a switch
    if not holds:
        raise ConfigurationError(
            f"{name} of provider {provider!r} is not usable", provider, hint=f"give {allowed}"
        )
