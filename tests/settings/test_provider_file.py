"""Plan C's YAML: read as it was written by others, changed in place."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from swebench_runner.providers import ConfigurationError
from swebench_runner.providers.settings.provider_file import Entry, read_providers, update_providers

if TYPE_CHECKING:
    from pathlib import Path

PLAN = """\
# endpoints
providers:
  openai: # the usual
    api_key: sk-...
    base_api_url: https://api.openai.com/v1
    name: OpenAI
    timeout_of_mine: 5
    valid_models:
      gpt-4o-2024-08-06: 4o
      # the small one
      gpt-4o-mini-2024-07-18: 4o-mini
    invalid_models:
      - gpt-3.5-turbo-instruct   # no chat
      - text-davinci-003
  deepseek:
    name: DeepSeek
    base_api_url: https://api.deepseek.com/v1
    api_key: not-configured
    valid_models:
version: 2
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "data" / "openaicompat-providers.yaml"
    file.parent.mkdir()
    file.write_text(PLAN)
    return file


def test_the_plans_format_is_read(path: Path) -> None:  # C033, C034
    found = read_providers(path)
    assert list(found) == ["openai", "deepseek"]
    assert found["openai"] == Entry(
        "OpenAI",
        "https://api.openai.com/v1",
        "sk-...",
        {"gpt-4o-2024-08-06": "4o", "gpt-4o-mini-2024-07-18": "4o-mini"},
        ("gpt-3.5-turbo-instruct", "text-davinci-003"),
    )
    assert found["deepseek"].valid_models == {}
    assert found["deepseek"].invalid_models == ()  # C034: an old file has no such list
    assert "sk-" not in repr(found)


def test_a_change_keeps_comments_order_and_unknown_keys(path: Path) -> None:  # C037
    before = read_providers(path)
    openai = before["openai"]
    now = Entry(
        openai.name,
        openai.base_api_url,
        openai.api_key,
        {**openai.valid_models, "o3": "o3"},
        ("gpt-3.5-turbo-instruct", "whisper-1"),
    )
    update_providers(path, before, {**before, "openai": now})
    text = path.read_text()
    for kept in (
        "# endpoints",
        "# the usual",
        "timeout_of_mine: 5",
        "# the small one",
        "# no chat",
        "version: 2",
    ):
        assert kept in text
    assert read_providers(path)["openai"] == now
    untouched = [line for line in PLAN.splitlines() if "davinci" not in line and "valid_models:" not in line]
    assert [line for line in untouched if line not in text.splitlines()] == []


def test_a_write_without_a_change_changes_nothing_that_is_there(path: Path) -> None:
    before = read_providers(path)
    update_providers(path, {"openai": before["openai"]}, {"openai": before["openai"]})
    assert path.read_text() == PLAN


ODD = ["4o", "yes", "no", "4", "1.10", "1e3", "0x1F", "null", "~", "true", "12:30:00", "2024-08-06", "a: b", "- x",
       "#x", "ü-Modell", "Qwen/QwQ-32B", "llama3:latest", "@cf/x", "*a", "&b", "{x}", "'q'", '"d"', " lead", "%p"]  # fmt: skip


def test_odd_names_come_back_as_they_were_in_their_order(tmp_path: Path) -> None:  # C039
    path = tmp_path / "p.yaml"
    models = {name: ODD[-number] for number, name in enumerate(ODD, 1)}
    entry = Entry("A", "https://a/v1", "k", models, tuple(reversed(ODD)))
    update_providers(path, {}, {"yes": entry})
    once = path.read_text()
    found = read_providers(path)["yes"]
    assert list(found.valid_models.items()) == [
        (a, b if b not in {"null", "~"} else a) for a, b in models.items()
    ]
    assert found.invalid_models == tuple(reversed(ODD))
    update_providers(path, {}, {"yes": entry})
    assert path.read_text() == once


@pytest.mark.skipif(not importlib.util.find_spec("yaml"), reason="PyYAML is not installed")
def test_readers_of_old_yaml_see_the_same_texts(tmp_path: Path) -> None:  # C039
    import yaml

    path = tmp_path / "p.yaml"
    models = {name: name for name in ODD if name not in {"null", "~"}}
    update_providers(path, {}, {"on": Entry("A", "https://a/v1", "12345", models, tuple(ODD))})
    read = yaml.safe_load(path.read_text())["providers"]["on"]
    assert read["valid_models"] == models
    assert read["invalid_models"] == ODD
    assert read["api_key"] == "12345"


def test_numbers_that_somebody_wrote_without_quotes_stay_as_they_are(tmp_path: Path) -> None:  # C039
    path = tmp_path / "p.yaml"
    path.write_text("providers:\n  1:\n    valid_models:\n      4: four\n      1.10: 1.1\n      yes: no\n")
    before = read_providers(path)
    assert before["1"].valid_models == {"4": "four", "1.10": "1.1", "yes": "no"}
    now = Entry(valid_models={**before["1"].valid_models, "o3": "o3"})
    update_providers(path, before, {"1": now})
    assert "      4: four\n      1.10: 1.1\n      yes: no\n      o3: o3\n" in path.read_text()
    update_providers(path, {"1": now}, {"1": Entry(valid_models={"4": "vier"})})
    assert read_providers(path)["1"].valid_models == {"4": "vier"}


def test_what_another_program_added_meanwhile_stays(path: Path) -> None:
    before = read_providers(path)
    update_providers(path, before, {**before, "new": Entry("New")})
    openai = before["openai"]
    mine = Entry(openai.name, openai.base_api_url, openai.api_key, {"gpt-4o-2024-08-06": "4o"}, ())
    update_providers(path, before, {**before, "openai": mine})
    found = read_providers(path)
    assert list(found) == ["openai", "deepseek", "new"]
    assert found["openai"].valid_models == {"gpt-4o-2024-08-06": "4o"}
    assert found["openai"].invalid_models == ()


def test_an_endpoint_is_taken_out(path: Path) -> None:
    before = read_providers(path)
    update_providers(path, {"openai": before["openai"]}, {})
    assert list(read_providers(path)) == ["deepseek"]
    assert "version: 2" in path.read_text()


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "providers:\n", "providers: {}\n", "{}\n"])
def test_an_empty_file_is_filled(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    assert read_providers(path) == {}
    update_providers(path, {}, {"a": Entry("A", valid_models={"m": "m"})})
    assert read_providers(path)["a"].valid_models == {"m": "m"}
    assert ("# only a comment" in path.read_text()) == ("comment" in text)


def test_no_file_is_no_endpoints_and_the_folder_is_made(tmp_path: Path) -> None:  # C037
    path = tmp_path / "new" / "folder" / "p.yaml"
    assert read_providers(path) == {}
    update_providers(path, {}, {"a": Entry()})
    assert path.read_text().startswith("providers:\n  a:\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\n", r"p.yaml, line \d+ is not YAML"),
        ("- 1\n- 2\n", "'providers' is not a table"),
        ("providers: 5\n", "'providers' is not a table"),
        ("providers:\n  a: 5\n", "providers.a is not a table"),
        ("providers:\n  a:\n    valid_models: 5\n", "providers.a.valid_models is not a table"),
        ("providers:\n  a:\n    invalid_models: 5\n", "providers.a.invalid_models is not a list"),
        ("providers:\n  a:\n    api_key: [1]\n", "providers.a.api_key is not a text"),
        ("a: 1\na: 2\n", "is not YAML"),
    ],
)
def test_another_shape_is_named_and_nothing_is_written(
    tmp_path: Path, text: str, message: str
) -> None:  # C050
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        read_providers(path)
    with pytest.raises(ConfigurationError, match=message):
        update_providers(path, {}, {"b": Entry()})
    assert path.read_text() == text


@pytest.mark.parametrize("indent", [1, 2, 3, 4])
def test_the_files_own_indentation_is_kept(tmp_path: Path, indent: int) -> None:
    pad = " " * indent
    text = f"providers:\n{pad}a:\n{pad * 2}name: A\n{pad * 2}valid_models:\n{pad * 3}m: m\n{pad * 2}invalid_models: []\n"
    path = tmp_path / "p.yaml"
    path.write_text(text)
    before = read_providers(path)
    update_providers(path, before, {"a": Entry("B", None, None, {"m": "m", "o3": "o3"})})
    written = path.read_text()
    assert f"\n{pad}a:\n{pad * 2}name: B\n" in written
    assert f"\n{pad * 3}m: m\n{pad * 3}o3: o3\n" in written
