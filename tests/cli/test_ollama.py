"""`swebench ollama`: list, pull, rm, show, ps, status."""

from __future__ import annotations

import asyncio
import os
import pty
from typing import TYPE_CHECKING

import click
import pytest

from swebench_runner.cli.ollama import _consent, size
from swebench_runner.cli.ollama_pull import Bar, fetch
from swebench_runner.providers import OllamaProvider
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_cli import SwebenchCommand


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator().start_in_thread() as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running


def test_models_are_listed(swebench: SwebenchCommand, simulator: Simulator) -> None:  # A068
    done = swebench("ollama", "list")
    assert done.code == 0
    (line,) = [line for line in done.out.splitlines() if line.startswith("llama3:latest")]
    assert line.split()[1:] == ["4.7", "GB", "8.0B", "Q4_K_M", "2026-11-01"]
    listed = swebench("ollama", "list", "--json").json
    assert listed[0]["name"] == "llama3:latest"
    assert "gpu_bytes" not in listed[0]


def test_loaded_models_show_their_memory(swebench: SwebenchCommand, simulator: Simulator) -> None:  # A071
    done = swebench("ollama", "ps")
    assert (done.code, done.out, done.err) == (0, "", "no model is loaded\n")
    with_model = OllamaProvider("llama3", base_url=simulator.url)
    with_model.generate_sync("hi")
    with_model.close()
    assert "llama3:latest" in swebench("ollama", "ps").out
    (loaded,) = swebench("ollama", "ps", "--json").json
    assert loaded["gpu_bytes"] > 10**9


def test_a_model_is_described(swebench: SwebenchCommand, simulator: Simulator) -> None:
    done = swebench("ollama", "show", "qwen3")
    assert (done.code, "tokens" in done.out, "completion" in done.out) == (0, True, True)
    found = swebench("ollama", "show", "qwen3", "--json").json
    assert found["tools"] is True
    assert found["server"]["license"] == "MIT"
    missing = swebench("ollama", "show", "nobody-knows")
    assert missing.code == 3
    assert "ollama pull nobody-knows" in missing.err


def test_a_pull_wants_consent_and_shows_progress(
    swebench: SwebenchCommand, simulator: Simulator
) -> None:  # A067
    refused = swebench("ollama", "pull", "llama3.2")
    assert (refused.code, "use --yes" in refused.err) == (2, True)
    assert simulator.count(path="/api/pull") == 0
    done = swebench("ollama", "pull", "llama3.2", "--yes")
    assert (done.code, done.out) == (0, "llama3.2 is there (4.7 GB)\n")
    assert done.err.splitlines()[0] == "pulling manifest"
    assert done.err.splitlines()[-1] == "success 100 %"
    outcome = swebench("ollama", "pull", "llama3.2", "--yes", "--json").json
    assert (outcome["model"], outcome["status"]) == ("llama3.2", "success")
    missing = swebench("ollama", "pull", "no-such-model", "--yes")
    assert missing.code != 0
    assert "file does not exist" in missing.complaint


def test_a_removal_asks_first(swebench: SwebenchCommand, simulator: Simulator) -> None:  # A069
    assert swebench("ollama", "rm", "gemma3").code == 2
    assert simulator.count(path="/api/delete") == 0
    done = swebench("ollama", "rm", "gemma3", "-y")
    assert (done.code, done.out) == (0, "gemma3 is removed\n")
    assert swebench("ollama", "rm", "gemma3", "-y").code == 3


def test_status_says_how_the_server_is(swebench: SwebenchCommand, simulator: Simulator) -> None:  # A075
    done = swebench("ollama", "status")
    assert done.code == 0
    assert f"Ollama 0.12.6 at {simulator.url}" in done.out
    assert "calls at once" in done.out
    state = swebench("ollama", "status", "--json").json
    assert (state["ok"], state["version"], state["error"]) == (True, "0.12.6", None)


def test_a_server_that_is_down_comes_with_the_command_that_starts_it(
    swebench: SwebenchCommand, monkeypatch: pytest.MonkeyPatch
) -> None:  # A073
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    for arguments in (["status"], ["list"], ["ps"], ["pull", "m", "--yes"]):
        done = swebench("ollama", *arguments)
        assert done.code == 4, arguments
        assert "ollama serve" in done.err
    done = swebench("ollama", "status", "--json")
    assert (done.code, done.json["ok"]) == (4, False)


@pytest.mark.parametrize(("typed", "agrees"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_at_a_terminal_a_person_is_asked(monkeypatch: pytest.MonkeyPatch, typed: bytes, agrees: bool) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, typed)
    with os.fdopen(theirs, "r") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        if agrees:
            _consent("Do it?", yes=False)
        else:
            with pytest.raises(click.Abort):
                _consent("Do it?", yes=False)
    os.close(ours)


def test_a_bar_follows_the_bytes(simulator: Simulator) -> None:
    bar = Bar()
    last = asyncio.run(fetch(OllamaProvider("m", base_url=simulator.url), "llama3.2", bar))
    (task,) = bar._bar.tasks
    assert (task.completed, task.total) == (last.total_bytes, last.total_bytes)
    assert task.description == "success"


@pytest.mark.parametrize(("amount", "text"), [(None, ""), (815_000_000, "815 MB"), (4_661_224_676, "4.7 GB")])
def test_sizes_are_readable(amount: int | None, text: str) -> None:
    assert size(amount) == text
