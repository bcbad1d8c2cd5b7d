"""Which known problem a prompt is about, found without searching the prompt for every problem."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[\w./\-]+")
_MIN_LINE_CHARS = 12
_LINES_A_KEY = 40
_LEAST_SHARE = 0.15
_ENOUGH_LINES = 3


class GoldBook:
    """Patches by a key text: an instance id, or the problem statement as it stands in the prompt.

    A key of one word is found among the words of a prompt. A longer one is found by those of its lines
    that no other key has, so a prompt may indent, quote or shorten it. Only keys without such a line,
    and those that may stand inside a line, are searched for one by one.
    """

    def __init__(self, patches: Mapping[str, str] | None = None) -> None:
        self._patches = dict(patches or {})
        self._words: set[str] = set()
        self._searched: list[str] = []
        self._line_keys: dict[str, str] = {}
        self._line_counts: Counter[str] = Counter()
        self._index()

    def __len__(self) -> int:
        return len(self._patches)

    def patch(self, key: str) -> str:
        """The patch of a key.

        Raises:
            KeyError: There is no such key.
        """
        return self._patches[key]

    def find(self, text: str) -> str | None:
        """The key whose problem `text` is about; None if it is about none of them."""
        if not self._patches:
            return None
        if text in self._patches:
            return text
        return self._by_lines(text) or self._by_word(text) or self._by_search(text)

    def _index(self) -> None:
        owners: dict[str, str | None] = {}
        for key in self._patches:
            if _WORD.fullmatch(key):
                self._words.add(key)
            for line in dict.fromkeys(_lines(key)):
                owners[line] = None if line in owners else key
        for line, owner in owners.items():
            if owner is not None and self._line_counts[owner] < _LINES_A_KEY:
                self._line_keys[line] = owner
                self._line_counts[owner] += 1
        self._searched = [key for key in self._patches if key.strip() and self._may_hide(key)]

    def _may_hide(self, key: str) -> bool:
        # The first and the last line may be part of a longer line of the prompt; those between are whole.
        inner = _lines("\n".join(key.strip().splitlines()[1:-1]))
        return key not in self._words and not any(self._line_keys.get(line) == key for line in inner)

    def _by_lines(self, text: str) -> str | None:
        votes = Counter(self._line_keys[line] for line in set(_lines(text)) if line in self._line_keys)
        if not votes:
            return None

        def share(key: str) -> float:
            return votes[key] / self._line_counts[key]

        # A prompt that quotes a line of one problem while stating another has a small share of the first.
        best = max(votes, key=lambda key: (share(key), votes[key], key))
        return best if votes[best] >= _ENOUGH_LINES or share(best) >= _LEAST_SHARE else None

    def _by_word(self, text: str) -> str | None:
        if not self._words:
            return None
        words = (word.strip("./-") for word in _WORD.findall(text))
        return next((word for word in words if word in self._words), None)

    def _by_search(self, text: str) -> str | None:
        found = [key for key in self._searched if key.strip() in text]
        return max(found, key=len, default=None)


def _lines(text: str) -> Iterable[str]:
    for line in text.splitlines():
        stripped = line.strip(" \t>|*#")
        if len(stripped) >= _MIN_LINE_CHARS:
            yield stripped
