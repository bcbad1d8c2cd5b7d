"""Text of models and datasets, made fit to be shown: nothing hidden in it, and no more than fits."""

from __future__ import annotations

import html
import unicodedata
from itertools import groupby
from typing import Final

# Bidirectional marks make a line read as something it is not.
_HIDDEN: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_KINDS: Final = (
    (("diff --git ", "index ", "--- ", "+++ ", "new file", "deleted file", "rename ", "similarity "), "file"),
    (("@@",), "hunk"),
    (("+",), "add"),
    (("-",), "del"),
)


def visible(text: str) -> str:
    r"""The text with control characters and direction marks written out; `\n` and `\t` stay."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(char if _is_harmless(char) else f"\\u{ord(char):04x}" for char in text)


def shorten(text: str, limit: int) -> str:
    """The visible text, cut so that it takes about `limit` characters in HTML, and says how much is left out.

    Args:
        text: As it came.
        limit: Characters after escaping: a text of nothing but `<` grows to four times its length.
    """
    shown = visible(text[: limit + 1])
    escaped = len(html.escape(shown))
    if len(text) <= limit and escaped <= limit:
        return shown
    kept = shown[: limit * len(shown) // max(escaped, limit)]
    return f"{kept}\n… {len(text) - len(kept):,} more characters"


def diff_parts(patch: str) -> list[tuple[str, str]]:
    """A diff as stretches of lines of one kind: "file", "hunk", "add", "del" or ""; and their text."""
    lines = patch.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [(kind, "\n".join(group) + "\n") for kind, group in groupby(lines, _kind)]


def _kind(line: str) -> str:
    return next((kind for starts, kind in _KINDS if line.startswith(starts)), "")


def _is_harmless(char: str) -> bool:
    return char in "\n\t" or (unicodedata.category(char) not in {"Cc", "Cs"} and char not in _HIDDEN)
