"""Text from models and servers, made safe for a terminal."""

from __future__ import annotations

import unicodedata

# Bidirectional overrides make a line read as something it is not.
_HIDDEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def plain(text: str) -> str:
    r"""The text with control characters shown instead of obeyed; `\n` and `\t` stay.

    A model's answer may hold the sequences that move the cursor, set the title or hide text.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else _shown(char) for char in text)


def one_line(text: str, *, width: int = 160) -> str:
    """The first line, safe and no longer than `width` characters."""
    line = plain(text.strip().partition("\n")[0])
    return line if len(line) <= width else line[: width - 1] + "…"


def _is_harmless(char: str) -> bool:
    return char in "\n\t" or (unicodedata.category(char) not in {"Cc", "Cs"} and char not in _HIDDEN)


def _shown(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
