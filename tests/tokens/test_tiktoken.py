from __future__ import annotations

import hashlib
import importlib.util
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from swebench_runner.providers.tokens import tiktoken as module
from swebench_runner.providers.tokens.estimate import estimate_tokens
from swebench_runner.providers.tokens.tiktoken import TiktokenCounter, encoding_name

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _forget_what_was_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Whether a vocabulary is at hand is looked up once a process; each test looks anew, in its own folder."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    module._counter.cache_clear()
    yield
    module._counter.cache_clear()


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a token counter must not use the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def _without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    monkeypatch.setitem(sys.modules, "bpe_openai._bindings", None)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "o200k_base"),
        ("gpt-4o-2024-08-06", "o200k_base"),
        ("ft:gpt-4o-mini:me::x", "o200k_base"),
        ("openai/gpt-5.2", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("GPT-3.5-turbo", "cl100k_base"),
        ("gpt-6.1-sol", None),
        ("llama3", None),
        ("claude-sonnet-5-5", None),
    ],
)
def test_which_vocabulary_a_model_has(model: str, name: str | None) -> None:
    assert encoding_name(model) == name


@pytest.mark.usefixtures("_no_network")
def test_the_vocabulary_in_a_package_counts_as_openai_does() -> None:
    counter = TiktokenCounter()
    if not counter.exact:
        pytest.skip("no vocabulary: install bpe-openai")
    assert counter.is_exact("gpt-4o")
    # Known from OpenAI's own tokenizer page.
    assert counter.count_tokens("Hello world", "gpt-4") == 2
    assert counter.count_tokens("tiktoken is great!", "gpt-4") == 6
    assert counter.count_tokens("お誕生日おめでとう", "gpt-4") == 9
    assert counter.count_tokens("<|endoftext|>", "gpt-4o") > 1


@pytest.mark.usefixtures("_no_network")
def test_a_model_with_an_unknown_tokenizer_is_estimated_and_says_so() -> None:
    counter = TiktokenCounter()
    assert not counter.is_exact("llama3")
    assert counter.count_tokens("Hello world", "llama3") == estimate_tokens("Hello world", "llama3")


@pytest.mark.usefixtures("_no_network", "_without_packages")
def test_without_any_vocabulary_it_estimates_and_says_so() -> None:  # A033, B012
    counter = TiktokenCounter()
    assert not counter.exact
    assert not counter.is_exact("gpt-4o")
    assert counter.count_tokens("Hello world", "gpt-4o") == estimate_tokens("Hello world", "gpt-4o") > 0


@pytest.mark.usefixtures("_no_network")
def test_tiktoken_with_an_empty_cache_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for its vocabulary, it would fetch it."""
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    monkeypatch.setitem(sys.modules, "bpe_openai._bindings", None)
    assert not TiktokenCounter().exact


@pytest.mark.usefixtures("_no_network")
@pytest.mark.parametrize("content", [b"", b"IQ== 0\n"])
def test_a_damaged_cache_is_not_shown_to_tiktoken_which_would_fetch_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    monkeypatch.setitem(sys.modules, "bpe_openai._bindings", None)
    cached = tmp_path / hashlib.sha1(module._URL.format("o200k_base").encode()).hexdigest()
    cached.write_bytes(content)
    assert not TiktokenCounter().exact
    assert cached.read_bytes() == content


@pytest.mark.parametrize(("variable", "value"), [("TIKTOKEN_CACHE_DIR", ""), ("DATA_GYM_CACHE_DIR", None)])
def test_where_the_cache_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str | None
) -> None:
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.setenv(variable, str(tmp_path) if value is None else value)
    assert not module._is_cached("o200k_base")


def test_the_temporary_folder_is_the_last_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert not module._is_cached("o200k_base")


def vocabulary() -> bytes:
    """OpenAI's cl100k_base as tiktoken keeps it; the package carries it packed."""
    import gzip

    found = importlib.util.find_spec("bpe_openai")
    if found is None or found.origin is None:
        pytest.skip("no vocabulary: install bpe-openai")
    folder = Path(found.origin).parent / "data"
    return gzip.decompress((folder / "cl100k_base.tiktoken.gz").read_bytes())


@pytest.mark.usefixtures("_no_network")
def test_a_vocabulary_in_tiktokens_cache_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("tiktoken")
    (tmp_path / hashlib.sha1(module._URL.format("cl100k_base").encode()).hexdigest()).write_bytes(
        vocabulary()
    )
    monkeypatch.setitem(sys.modules, "bpe_openai._bindings", None)
    counter = TiktokenCounter()
    assert counter.is_exact("gpt-4")
    assert counter.count_tokens("tiktoken is great!", "gpt-4") == 6
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    module._counter.cache_clear()
    assert not counter.is_exact("gpt-4")


def test_importing_the_counter_loads_no_tokenizer() -> None:
    code = (
        "import sys\n"
        "from swebench_runner.providers.tokens.tiktoken import TiktokenCounter\n"
        "TiktokenCounter()\n"
        "assert not {'tiktoken', 'bpe_openai', 'tempfile'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_tokenizer_that_warns_of_itself_bothers_nobody() -> None:
    pytest.importorskip("tiktoken")
    code = (
        "from swebench_runner.providers.tokens.tiktoken import TiktokenCounter\n"
        "print(TiktokenCounter().count_tokens('Hello world', 'gpt-4'))\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    )
    assert run.stdout.strip() in {"2", "3"}
