"""OpenAI's tokens, counted with a vocabulary that is on this machine; nothing is ever fetched."""

from __future__ import annotations

import hashlib
import os
import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swebench_runner.providers.tokens.counters import TokenCounter
from swebench_runner.providers.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

_CL100K: Final = ("gpt-4-", "gpt-3.5", "gpt-35", "text-embedding-")
_O200K: Final = ("gpt-4o", "gpt-4.1", "gpt-4.5", "chatgpt-4o", "gpt-5", "o1", "o3", "o4-mini", "gpt-oss")
# Where tiktoken keeps what it fetched, and how the file must look: it deletes and fetches again a file
# that differs, so a damaged one must not be shown to it.
_FILES: Final = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
_URL: Final = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"


class TiktokenCounter(TokenCounter):
    """Counts as OpenAI does where a vocabulary is at hand, and estimates where none is.

    Looked for once, in this order: tiktoken's own cache (`TIKTOKEN_CACHE_DIR`, `DATA_GYM_CACHE_DIR`, the
    temporary folder), then the package `bpe-openai`, which carries the vocabularies
    (`pip install "swebench-runner[tokens]"`).
    """

    @property
    def exact(self) -> bool:
        """Whether a vocabulary is at hand."""
        return _counter("o200k_base") is not None

    def is_exact(self, model: str) -> bool:
        """Whether a vocabulary is at hand and is known to be this model's."""
        encoding = encoding_name(model)
        return encoding is not None and _counter(encoding) is not None

    def count_tokens(self, text: str, model: str) -> int:
        """Tokens of `text`; a model with an unknown tokenizer is estimated."""
        encoding = encoding_name(model)
        if not text or encoding is None:
            return estimate_tokens(text, model)
        count = _counter(encoding)
        return estimate_tokens(text, model) if count is None else count(text)


def encoding_name(model: str) -> str | None:
    """The vocabulary of a model of OpenAI; None when it is not known (GPT-6 has not been published)."""
    name = model.lower().rpartition("/")[2].removeprefix("ft:")
    if name.startswith(_O200K):
        return "o200k_base"
    return "cl100k_base" if name == "gpt-4" or name.startswith(_CL100K) else None


@lru_cache(maxsize=8)
def _counter(encoding: str) -> Callable[[str], int] | None:
    return _from_tiktoken(encoding) or _from_bpe_openai(encoding)


def _from_tiktoken(encoding: str) -> Callable[[str], int] | None:
    if not _is_cached(encoding):
        return None
    try:
        import tiktoken  # noqa: PLC0415 - an extra, and heavy
    except ImportError:
        return None
    encode = tiktoken.get_encoding(encoding).encode_ordinary
    return lambda text: len(encode(text))


def _is_cached(encoding: str) -> bool:
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    if folder == "":
        return False
    if folder is None:
        import tempfile  # noqa: PLC0415 - only where no folder is named

        folder = str(Path(tempfile.gettempdir()) / "data-gym-cache")
    name = hashlib.sha1(_URL.format(encoding).encode(), usedforsecurity=False).hexdigest()
    try:
        data = (Path(folder) / name).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(data).hexdigest() == _FILES[encoding]


def _from_bpe_openai(encoding: str) -> Callable[[str], int] | None:
    try:
        with warnings.catch_warnings():
            # It opens its own files in a way that Python 3.11 warns about.
            warnings.simplefilter("ignore", DeprecationWarning)
            # The public door builds a second set of tables in Python, which counting does not need.
            from bpe_openai._bindings import tokenizer_for_encoding  # noqa: PLC0415 - an extra, and heavy
    except ImportError:
        return None
    count: Callable[[str], int] = tokenizer_for_encoding(encoding).count
    return count
