"""`swebench provider doctor`: a table or JSON, what is kept, and exit codes that say how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from swebench_runner.providers.probing import find_profile
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_cli import SwebenchCommand


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator().start_in_thread() as running:
        yield running


def test_a_server_is_described_and_kept(swebench: SwebenchCommand, simulator: Simulator) -> None:  # A056
    url = f"{simulator.url}/vllm/v1"
    done = swebench("provider", "doctor", url, "--model", "sim-tools@calls=2")
    assert done.code == 0
    lines = {line[:17].strip(): line[17:].strip() for line in done.out.splitlines()}
    assert lines["server"] == "vLLM 0.11.2"
    assert lines["use it as"] == "--provider vllm"
    assert (lines["key"], lines["tools"], lines["parallel tools"]) == ("not needed", "yes", "yes")
    assert "more" in lines["models"]
    assert "kept in " in done.err
    kept = find_profile(url)
    assert kept is not None
    assert kept.kind == "vllm"


def test_json_has_every_field_and_nothing_is_kept_on_request(
    swebench: SwebenchCommand, simulator: Simulator
) -> None:
    url = f"{simulator.url}/llamacpp"
    found = swebench("provider", "doctor", url, "--no-trial", "--no-save", "--json").json
    assert (found["kind"], found["context_window"], found["tried"], found["saved"]) == (
        "llamacpp",
        128_000,
        False,
        None,
    )
    assert find_profile(url) is None
    assert simulator.count() == 0


def test_a_server_that_is_down_is_exit_code_4(swebench: SwebenchCommand) -> None:
    done = swebench("provider", "doctor", "http://127.0.0.1:9")
    assert (done.code, "not reachable" in done.out) == (4, True)
    assert "note: nothing answers" in done.err
    assert swebench("provider", "doctor", "http://:x").code == 3


def test_a_key_goes_only_to_the_origin_that_it_belongs_to(
    swebench: SwebenchCommand, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{simulator.url}/openrouter/api/v1"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_COMPATIBLE_API_KEY", "sk-of-another")
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:9/v1")
    swebench("provider", "doctor", url, "--json")
    assert all("of-openai" not in str(one) and "of-another" not in str(one) for one in simulator.requests)
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", f"{simulator.url}/v1")
    found = swebench("provider", "doctor", url, "--no-trial", "--json").json
    assert found["needs_key"] is not True  # this list is open, so no key was shown
    monkeypatch.setenv("MY_KEY", "bad-key")
    done = swebench("provider", "doctor", f"{simulator.url}/v1", "--key-env", "MY_KEY", "--json")
    assert done.json["kind"] == "ollama"


def test_without_an_address_it_looks_on_this_machine(
    swebench: SwebenchCommand, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:  # A055
    monkeypatch.setenv("SWEBENCH_LOCAL_PORTS", f"9,{simulator.port}")
    done = swebench("provider", "doctor")
    assert done.code == 0
    assert "Ollama" in done.out
    assert simulator.url in done.out
    assert [one["kind"] for one in swebench("provider", "doctor", "--json").json] == ["ollama"]
    monkeypatch.setenv("SWEBENCH_LOCAL_PORTS", "9")
    done = swebench("provider", "doctor")
    assert (done.code, done.out) == (4, "")
    assert "no model server answers" in done.err
    monkeypatch.setenv("SWEBENCH_LOCAL_PORTS", "all")
    assert swebench("provider", "doctor").code == 2


def test_a_server_that_wants_a_key_says_whether_it_takes_this_one(
    swebench: SwebenchCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "right")
    monkeypatch.setenv("OTHER_KEY", "wrong")
    with Simulator(api_keys={"right"}).start_in_thread() as simulator:
        url = f"{simulator.url}/vllm/v1"
        none = swebench("provider", "doctor", url, "--no-save")
        wrong = swebench("provider", "doctor", url, "--key-env", "OTHER_KEY", "--no-save")
        right = swebench("provider", "doctor", url, "--key-env", "MY_KEY", "--model", "sim-echo")
        monkeypatch.setenv("VLLM_API_KEY", "right")
        monkeypatch.setenv("VLLM_BASE_URL", url)
        found = swebench("provider", "doctor", url, "--no-trial", "--json")
    assert (none.code, "needed, none given" in none.out, "note: it wants a key" in none.err) == (
        3,
        True,
        True,
    )
    assert (wrong.code, "needed, refused" in wrong.out) == (3, True)
    assert (right.code, "needed, accepted" in right.out) == (0, True)
    assert found.json["key_accepted"] is True  # the key of the provider that is set up for this very origin
    assert "right" not in right.out + right.err


def test_the_usual_ports_are_looked_at_when_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from swebench_runner.cli.provider_doctor import local_ports
    from swebench_runner.providers.probing import USUAL_PORTS

    monkeypatch.delenv("SWEBENCH_LOCAL_PORTS", raising=False)
    assert local_ports() == tuple(USUAL_PORTS)
    assert {11434, 8000, 8080, 1234, 9931} <= USUAL_PORTS.keys()
