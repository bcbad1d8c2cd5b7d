"""How the simulator counts tokens: one rule for every dialect, so that equal prompts cost the same."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.simulator.prompt import CacheMark

BYTES_A_TOKEN = 4
IMAGE_TOKENS = 85
HOUR_S = 3600
CACHED_PREFIXES = 10_000


def count_tokens(text: str) -> int:
    """One token for every four bytes of UTF-8, rounded up."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return (size + BYTES_A_TOKEN - 1) // BYTES_A_TOKEN


class CacheUse(NamedTuple):
    """Tokens of a prompt that came from the cache, and that went into it."""

    read: int = 0
    write_5m: int = 0
    write_1h: int = 0


class PromptCache:
    """Which marked prefixes were seen before, by key and model, until they expire."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expires_s: OrderedDict[bytes, float] = OrderedDict()

    def use(self, scope: str, marks: Sequence[CacheMark]) -> CacheUse:
        """What a prompt reads and writes; its marks are known from then on.

        Args:
            scope: Whose cache it is; prefixes of different scopes never meet.
            marks: In the order of the prompt, so the last one has the longest prefix.
        """
        if not marks:
            return CacheUse()
        now_s = self._clock.now_s()
        read = 0
        for mark in marks:
            digest = blake2b(
                f"{scope}\0{mark.prefix}".encode("utf-8", "surrogatepass"), digest_size=16
            ).digest()
            if self._expires_s.get(digest, now_s) > now_s:
                read = max(read, count_tokens(mark.prefix))
            self._expires_s[digest] = now_s + mark.ttl_s
            self._expires_s.move_to_end(digest)
        while len(self._expires_s) > CACHED_PREFIXES:
            self._expires_s.popitem(last=False)
        written = max(0, count_tokens(marks[-1].prefix) - read)
        if marks[-1].ttl_s >= HOUR_S:
            return CacheUse(read, 0, written)
        return CacheUse(read, written, 0)

    def clear(self) -> None:
        """Forget every prefix."""
        self._expires_s.clear()
