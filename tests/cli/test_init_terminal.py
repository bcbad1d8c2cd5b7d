"""The wizard as a person at a terminal meets it: from an empty home to a working `swebench generate`."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_endpoint import Endpoint, serving
from swebench_runner.providers.settings.documents import read_toml
from swebench_runner.providers.settings.paths import places
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEY = "sk-typed-in-secret"
# The terminal becomes the program's own, for hidden prompts and Ctrl-C.
LAUNCH = (
    "import fcntl, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from swebench_runner.cli.main import main; main()"
)
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator().start_in_thread() as running:
        yield running


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as running:
        running.models = ["ok-1", "500-1"]
        yield running


def talk(
    folder: Path, *arguments: str, answers: Sequence[tuple[str, str]] = (), **environment: str
) -> tuple[int, str]:
    """Exit code and everything that appeared; each answer is typed when its question has appeared.

    The program has a terminal of its own, as a hidden prompt needs it.
    """
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, start_new_session=True,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "160", **environment},
    )  # fmt: skip
    os.close(theirs)
    seen, searched, waiting, typed = "", 0, list(answers), ""
    while True:
        # An interrupt between a prompt's last check and its read is only seen with the next key, so a
        # person would press it again.
        if typed == "\x03" and not select.select([terminal], [], [], 1.0)[0]:
            os.write(terminal, b"\x03")
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        seen += piece.decode(errors="replace")
        while waiting and waiting[0][0] in seen[searched:]:
            searched = seen.index(waiting[0][0], searched) + len(waiting[0][0])
            typed = waiting.pop(0)[1]
            os.write(terminal, typed.encode())
    os.close(terminal)
    code = process.wait()
    assert waiting == [], f"never asked for {waiting[0][0]!r}:\n{seen}"
    return code, ESCAPES.sub("", seen)


def number_of(name: str) -> str:
    """The provider's number on the wizard's list."""
    from swebench_runner.providers import list_providers

    return str([one for one in list_providers() if one != "simulator"].index(name) + 1)


def conversation(name: str, url: str) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """What is asked and answered for a provider, and what its environment must say of the simulator."""
    choose = ("Provider [", f"{number_of(name)}\n")
    secret = (f"Key of {TITLES[name]}", f"{KEY}\n")
    if name == "ollama":
        return [choose, ("Address [", f"{url}\n"), secret, ("Model", "llama3.2\n")], {}
    if name == "openai_compatible":
        return [choose, ("Address", f"{url}/llamacpp/v1\n"), (secret[0], "\n"), ("Model", "sim-mixed\n")], {}
    path = {"openai": "/v1", "openrouter": "/openrouter/api/v1"}.get(name, "")
    return [choose, secret, ("Model", "sim-mixed\n")], {f"{name.upper()}_BASE_URL": url + path}


def as_in_the_docs(seen: str, url: str) -> str:
    """The transcript without what differs from one time to the next; of a list the first three lines."""
    text = seen.replace(url, "http://localhost:8089").replace(str(Path.home()), "~")
    text = re.sub(r"in \d+ ms", "in 400 ms", text)
    lines, listed = [], 0
    for line in text.strip("\n").splitlines():
        listed = listed + 1 if re.match(r" +(\d+  |… and)", line) else 0
        if listed <= 3:
            lines.append(line.rstrip())
        elif listed == 4:
            lines.append("     …")
    return "\n".join(["$ swebench init", *lines])


def compare_with_the_docs(name: str, transcript: str) -> None:
    """The page shows what happens; with UPDATE_TRANSCRIPTS=1 it is rewritten instead."""
    page = Path(__file__).resolve().parents[2] / "docs" / "setting-up.md"
    text = page.read_text()
    marked = re.compile(rf"(<!-- init {name} -->\n```text\n).*?(\n```)", re.DOTALL)
    shown = marked.sub(lambda found: found[1] + transcript + found[2], text)
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        page.write_text(shown)
    assert page.read_text() == shown, "run UPDATE_TRANSCRIPTS=1 pytest -n 0 tests/cli/test_init_terminal.py"


TITLES = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "ollama": "Ollama",
    "openrouter": "OpenRouter",
    "openai_compatible": "OpenAI-compatible server",
}


@pytest.mark.parametrize("name", TITLES)
def test_from_an_empty_home_to_a_working_generate(
    workplace: Path, simulator: Simulator, name: str
) -> None:  # A136, A142
    answers, environment = conversation(name, simulator.url)
    code, seen = talk(workplace, "init", answers=answers, **environment)
    assert code == 0, seen
    assert KEY not in seen  # typed blind
    assert f"{TITLES[name]}" in seen
    assert "it answers, in " in seen
    assert f"{name} is ready, model " in seen
    assert "Next: swebench generate" in seen
    compare_with_the_docs(name, as_in_the_docs(seen, simulator.url))
    assert read_toml(places().user)["default_provider"] == name
    assert (KEY in places().keys.read_text()) if name != "openai_compatible" else not places().keys.exists()
    code, seen = talk(workplace, "generate", "--dataset", "sample", "--count", "2", "--yes", **environment)
    assert code in {0, 1}, seen
    assert "SIMULATED" not in seen or name == "simulator"
    assert simulator.count() >= 3


def test_a_key_that_is_not_accepted_may_be_typed_again(workplace: Path, simulator: Simulator) -> None:
    answers = [
        ("Key of OpenAI", "bad-key\n"),
        ("the key is not accepted", ""),
        ("Key of OpenAI", f"{KEY}\n"),
        ("Model", "1\n"),
    ]
    code, seen = talk(
        workplace, "provider", "init", "openai", answers=answers, OPENAI_BASE_URL=f"{simulator.url}/v1"
    )
    assert code == 0, seen
    assert "bad-key" not in seen + places().keys.read_text()


def test_three_wrong_keys_are_enough(workplace: Path, simulator: Simulator) -> None:
    answers = [("Key of OpenAI", "bad-key\n")] * 3
    code, seen = talk(
        workplace, "provider", "init", "openai", answers=answers, OPENAI_BASE_URL=f"{simulator.url}/v1"
    )
    assert code == 3, seen
    assert not places().user.exists()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 130)])
def test_a_model_that_does_not_answer_is_saved_only_if_that_is_wanted(
    workplace: Path, endpoint: Endpoint, answer: str, code: int
) -> None:
    answers = [
        ("Address", f"{endpoint.url}\n"),
        ("Key of", "\n"),
        ("Model", "404-1\n"),
        ("Save it all the same?", answer),
    ]
    ended, seen = talk(workplace, "provider", "init", "openai-compatible", answers=answers)
    assert ended == code, seen
    assert "404-1 is not on the list" in seen
    assert places().user.exists() == (code == 0)


def test_no_list_of_models_is_no_end_for_a_person(workplace: Path) -> None:
    answers = [("Address", "http://127.0.0.1:1/v1\n"), ("Key of", "\n"), ("Model", "mine\n")]
    code, seen = talk(workplace, "provider", "init", "openai_compatible", "--no-test", answers=answers)
    assert code == 0, seen
    assert "no list of models: " in seen


def test_what_is_set_up_is_forgotten_after_a_question(workplace: Path, endpoint: Endpoint) -> None:
    answers = [("Address", f"{endpoint.url}\n"), ("Key of", f"{KEY}\n"), ("Model", "ok-1\n")]
    assert talk(workplace, "provider", "init", "openai_compatible", answers=answers)[0] == 0
    code, seen = talk(workplace, "provider", "remove", "openai_compatible", answers=[("Forget", "n\n")])
    assert (code, places().keys.exists()) == (130, True), seen
    code, _ = talk(workplace, "provider", "remove", "openai_compatible", answers=[("Forget", "y\n")])
    assert code == 0
    assert KEY not in places().keys.read_text()


def test_finding_models_shows_how_far_it_is(workplace: Path, endpoint: Endpoint) -> None:
    code, seen = talk(
        workplace, "provider", "discover", "openai_compatible", OPENAI_COMPATIBLE_BASE_URL=endpoint.url
    )
    assert code == 0, seen
    assert "openai_compatible  2/2  " in seen
    assert "ok-1: valid" in seen


def test_ctrl_c_saves_nothing(workplace: Path, simulator: Simulator) -> None:
    answers = [("Key of OpenAI", f"{KEY}\n"), ("Model", "\x03")]
    code, seen = talk(
        workplace, "init", "-p", "openai", answers=answers, OPENAI_BASE_URL=f"{simulator.url}/v1"
    )
    assert code == 130, seen
    assert "Traceback" not in seen
    assert not places().user.exists()
    assert not places().keys.exists()
