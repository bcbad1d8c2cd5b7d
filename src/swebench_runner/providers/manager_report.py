"""What a discovery found, skipped, could not tell and failed at."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """One provider's part.

    Attributes:
        provider: Its name.
        valid: Models that are listed and answer.
        invalid: Models that are listed and were refused for good.
        unknown: Models of which nothing was learned this time; they stay as they were.
        new: Valid models that were not known before.
        unlisted: Models that were valid before and are not listed any more; they are kept.
        probes: How many models were asked.
        stale: Whether the list is one of an earlier time.
        skipped: Why it was not asked at all.
        error: Why nothing could be found out.
    """

    provider: str
    valid: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    probes: int = 0
    stale: bool = False
    skipped: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DiscoveryReport:
    """What became of each provider, in the order in which they were asked.

    Attributes:
        providers: One report each.
        persisted: Whether the provider file was written.
    """

    providers: tuple[ProviderReport, ...] = field(default=())
    persisted: bool = False

    @property
    def discovered(self) -> list[str]:
        """Providers whose models were found out."""
        return [one.provider for one in self.providers if one.error is None and one.skipped is None]

    @property
    def skipped(self) -> list[str]:
        """Providers that were not asked."""
        return [one.provider for one in self.providers if one.skipped is not None]

    @property
    def failed(self) -> list[str]:
        """Providers that were asked in vain."""
        return [one.provider for one in self.providers if one.error is not None]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed
