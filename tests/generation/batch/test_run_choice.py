"""Who is asked when nobody says it, what makes two runs the same, and where they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_dataset import write_dataset
from swebench_runner.generation.datasets.instances import Instance
from swebench_runner.generation.journal.errors import StorageError
from swebench_runner.generation.run.instances import Selection, choose_instances
from swebench_runner.generation.run.key import call_key, instance_sha256, request_sha256, settings_sha256
from swebench_runner.generation.run.provider import (
    ProviderChoice,
    choose_provider,
    is_local,
    make_provider,
    parse_fallbacks,
    parse_provider,
    suggest_models,
)
from swebench_runner.generation.run.settings import RunSettings, set_aside
from swebench_runner.providers import (
    MockProvider,
    ModelInfo,
    ProviderConnectionError,
    Thinking,
    ToolSpec,
    UnifiedRequest,
    UnknownProviderError,
    create_provider,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("environ", "choice"),
    [
        ({}, None),
        ({"OPENAI_API_KEY": "  "}, None),
        ({"OPENAI_MODEL": "gpt-4o"}, None),
        ({"ANTHROPIC_API_KEY": "sk"}, ProviderChoice("anthropic", None, "ANTHROPIC_API_KEY")),
        ({"OLLAMA_HOST": "http://x"}, ProviderChoice("ollama", None, "OLLAMA_HOST")),
        (
            {"OPENROUTER_API_KEY": "k", "OPENAI_API_KEY": "k"},
            ProviderChoice("openai", None, "OPENAI_API_KEY"),
        ),
        (
            {"SWEBENCH_PROVIDER": "ollama", "OPENAI_API_KEY": "k"},
            ProviderChoice("ollama", None, "SWEBENCH_PROVIDER"),
        ),
        ({"SWEBENCH_PROVIDER": "openai/o3"}, ProviderChoice("openai", "o3", "SWEBENCH_PROVIDER")),
        ({"SWEBENCH_SIMULATOR_URL": "http://x"}, ProviderChoice("simulator", None, "SWEBENCH_SIMULATOR_URL")),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_the_environment_is_enough(environ: dict[str, str], choice: ProviderChoice | None) -> None:
    assert choose_provider(None, environ=environ) == choice


def test_what_is_asked_for_wins() -> None:
    assert choose_provider("anthropic", environ={"SWEBENCH_PROVIDER": "openai"}) == ProviderChoice(
        "anthropic"
    )
    assert choose_provider("openai-compatible", environ={}) == ProviderChoice("openai_compatible")
    assert parse_provider(" openrouter/meta-llama/llama-3.1 ") == ProviderChoice(
        "openrouter", "meta-llama/llama-3.1"
    )
    assert parse_fallbacks("ollama, openai/gpt-4o,") == (
        ProviderChoice("ollama"),
        ProviderChoice("openai", "gpt-4o"),
    )
    with pytest.raises(UnknownProviderError, match="did you mean openai"):
        choose_provider("openia", environ={})


@pytest.mark.parametrize(
    ("name", "base_url", "local"),
    [
        ("openai", None, False),
        ("openai", "http://127.0.0.1:8000/v1", True),
        ("openai", "http://localhost/v1", True),
        ("openai", "http://gpu.local/v1", True),
        ("openai", "http://192.168.1.7/v1", True),
        ("openai", "https://8.8.8.8/v1", False),
        ("openai_compatible", "https://vllm.example.org/v1", False),
        ("ollama", None, True),
        ("simulator", None, True),
    ],
)
def test_local_is_by_nature_or_by_address(name: str, base_url: str | None, local: bool) -> None:
    assert is_local(create_provider(name, model="m", api_key="sk-x", base_url=base_url)) is local


async def test_near_models_are_suggested_from_the_live_list() -> None:
    class Listing(MockProvider):
        async def list_models(self) -> list[ModelInfo]:
            if self.model == "unreachable":
                raise ProviderConnectionError("refused")
            return [ModelInfo("gpt-4o"), ModelInfo("gpt-4o-mini"), ModelInfo("davinci")]

    assert list(await suggest_models(Listing(model="gpt4o"))) == ["gpt-4o", "gpt-4o-mini"]
    assert list(await suggest_models(Listing(model="zzz"))) == ["davinci", "gpt-4o", "gpt-4o-mini"]
    assert list(await suggest_models(Listing(model="unreachable"))) == []
    assert list(await suggest_models(MockProvider())) == []


def test_a_model_given_with_the_provider_is_asked() -> None:
    assert make_provider(ProviderChoice("ollama", "qwen3")).model == "qwen3"
    assert make_provider(ProviderChoice("ollama", "qwen3"), "llama3").model == "llama3"


def test_how_an_answer_travels_is_not_part_of_the_question() -> None:
    plain = UnifiedRequest("p", "s", 100, 0.0)
    same = UnifiedRequest("p", "s", 100, 0.0, stream=True, timeout_s=3, headers={"X": "1"})
    assert request_sha256(plain, lane="a/b") == request_sha256(same, lane="a/b")


@pytest.mark.parametrize(
    "other",
    [
        UnifiedRequest("q", "s", 100, 0.0),
        UnifiedRequest("p", None, 100, 0.0),
        UnifiedRequest("p", "s", 101, 0.0),
        UnifiedRequest("p", "s", 100, 0.1),
        UnifiedRequest("p", "s", 100, None),
        UnifiedRequest("p", "s", 100, 0.0, seed=1),
        UnifiedRequest("p", "s", 100, 0.0, thinking=Thinking(effort="low")),
        UnifiedRequest("p", "s", 100, 0.0, tools=(ToolSpec("t", "d", {"type": "object"}),)),
        UnifiedRequest("p", "s", 100, 0.0, extra={"top_k": 3}),
    ],
    ids=lambda request: repr(request)[:0] or None,
)
def test_whatever_can_change_an_answer_is(other: UnifiedRequest) -> None:
    plain = UnifiedRequest("p", "s", 100, 0.0)
    assert request_sha256(plain, lane="a/b") != request_sha256(other, lane="a/b")
    assert request_sha256(other, lane="a/b") != request_sha256(other, lane="a/c")


def test_keys_tell_instances_lanes_and_samples_apart_and_nothing_else() -> None:
    keys = {
        call_key("a", lane="x"),
        call_key("b", lane="x"),
        call_key("a", lane="y"),
        call_key("a", lane="x", sample=1),
    }
    assert len(keys) == 4
    assert call_key("a", lane="x") == call_key("a", lane="x")
    assert settings_sha256({"a": 1, "b": None}) == settings_sha256({"b": None, "a": 1})


def test_an_instance_is_the_same_as_long_as_its_prompt_would_be() -> None:
    def one(**given: str) -> Instance:
        return Instance(
            **{"instance_id": "a", "repo": "r", "base_commit": "c", "problem_statement": "p", **given}
        )  # type: ignore[arg-type] # texts

    assert instance_sha256(one()) == instance_sha256(one(patch="gold", hints_text="hint", version="2"))
    assert (
        len(
            {
                instance_sha256(one(**{name: "new"}))
                for name in ("repo", "base_commit", "problem_statement", "text")
            }
        )
        == 4
    )
    assert instance_sha256(one(repo="ab", base_commit="c")) != instance_sha256(
        one(repo="a", base_commit="bc")
    )


@pytest.mark.parametrize(
    ("dataset", "lane", "start"),
    [
        ("lite", "openai/gpt-4o", "lite-openai-gpt-4o-"),
        (
            "/data/my tasks.jsonl",
            "openrouter/meta-llama/llama-3.1:free",
            "my-tasks-openrouter-meta-llama-llama-3.1-free-",
        ),
        ("..", "a/../../etc", "a-..-..-etc-"),
        ("x" * 300, "a/b", "x" * 100),
    ],
    ids=["plain", "signs", "dots", "long"],
)
def test_the_usual_folder_is_a_safe_name_that_the_settings_decide(
    dataset: str, lane: str, start: str
) -> None:
    settings = RunSettings(dataset=dataset, lane=lane)
    folder = settings.default_folder()
    assert folder.parent.name == "runs"
    assert folder.name.startswith(start)
    assert settings.default_folder() == folder
    assert RunSettings(dataset=dataset, lane=lane, temperature=1.0).default_folder() != folder


def test_instances_are_read_again_and_again_and_not_held(tmp_path: Path) -> None:
    dataset, _ = write_dataset(tmp_path, 7)
    chosen = choose_instances(str(dataset), Selection(count=3, seed=1))
    assert chosen.total == 3
    assert [one.instance_id for one in chosen] == [one.instance_id for one in chosen] == list(chosen.digests)
    (first, *_) = chosen.digests
    assert [one.instance_id for one in chosen.only({first, "acme__tool-9999"})] == [first]
    assert (chosen.name, chosen.split) == (str(dataset.resolve()), "")
    assert choose_instances("sample", Selection()).name == "sample"


def test_an_old_journal_that_cannot_be_renamed_is_a_storage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set_aside(tmp_path) is None
    (tmp_path / "journal.sqlite").write_text("old")

    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError(1, "not yours")

    monkeypatch.setattr("pathlib.Path.rename", refuse)
    with pytest.raises(StorageError, match="cannot set the old journal"):
        set_aside(tmp_path)
