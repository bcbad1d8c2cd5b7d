"""Every block of the docs runs, against the simulator; what is made from the code is as the code says."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import subprocess
import sys
from inspect import iscoroutine
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docs import reference
from support_hub import Hub
from swebench_runner.providers import Provider, get_registry, list_providers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swebench_runner.simulator import Simulator

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Commands that need the world outside, each with what stands in for it here.
ELSEWHERE = {
    'pip install "swebench-runner[datasets]"': "the package under test is installed already",
    "ollama pull llama3.2": "the simulator has the model",
    "make demo": "run by tests/test_demo.py",
    "make test": "this is it",
    "make check": "run by .ci/run",
}


def blocks(language: str) -> list[object]:
    """The blocks of all pages in one language, each named by its page and line."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for match in BLOCK.finditer(text):
            if match[1] == language:
                line = text[: match.start()].count("\n") + 1
                found.append(pytest.param(match[2], id=f"{page.relative_to(ROOT)}:{line}"))
    return found


@pytest.fixture
def environment(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Every provider points at the simulator, and the commands of this environment come first."""
    values = {**simulator.env(), "OPENAI_COMPATIBLE_BASE_URL": f"{simulator.url}/vllm/v1"}
    values["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return {**os.environ, **values}


@pytest.mark.parametrize("code", blocks("python"))
def test_a_python_block_runs(code: str, environment: dict[str, str], request: pytest.FixtureRequest) -> None:
    compiled = compile(code, "<docs>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, object] = {"__name__": "docs_block"}

    async def run() -> None:
        result = eval(compiled, names)
        if iscoroutine(result):
            await result
        for value in list(names.values()):
            if isinstance(value, Provider):
                await value.aclose()

    before = set(list_providers())
    asyncio.run(run())
    for name in set(list_providers()) - before:  # what a page registers is its own affair
        get_registry().unregister(name)
    for name, test in list(names.items()):
        if name.startswith("test_"):
            simulator = request.getfixturevalue("simulator")
            with pytest.MonkeyPatch.context() as patch:
                test(simulator, patch)  # type: ignore[operator]


@pytest.mark.parametrize("script", blocks("bash"))
def test_every_command_runs(script: str, environment: dict[str, str], hub_of_the_sample: None) -> None:
    if script.startswith(("pip install", "swebench evaluate")):  # a stranger has nothing configured yet
        unset = ("_API_KEY", "_BASE_URL", "_HOST")
        environment = {name: value for name, value in environment.items() if not name.endswith(unset)}
        script = script.replace("swebench evaluate", "swebench generate\nswebench evaluate")
    for line in script.splitlines():
        command = line.split("#")[0].strip()
        if not command or command in ELSEWHERE:
            continue
        exported = re.fullmatch(r"export (\w+)=(\S+)", command)
        if exported:
            assert exported[1] in environment, f"{exported[1]} is not a variable that the package reads"
            continue
        done = subprocess.run(
            ["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=100, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode in {0, 1}, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr


@pytest.fixture
def hub_of_the_sample(environment: dict[str, str]) -> Iterator[None]:
    """A hub on this machine whose Lite set is the sample."""
    pyarrow = pytest.importorskip("pyarrow", reason="the extra 'datasets' is not installed")
    from pyarrow import parquet

    from swebench_runner.generation import sample

    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.Table.from_pylist([one.to_row() for one in sample.load()]), sink)
    data = sink.getvalue().to_pybytes()
    lite = {"SWE-bench/SWE-bench_Lite": {"data/test-00000-of-00001.parquet": data}}
    with Hub(lite) as hub:
        environment["HF_ENDPOINT"] = hub.url
        yield


@pytest.mark.parametrize("path", [pytest.param(p, id=p.name) for p in reference.pages()])
def test_what_is_made_from_the_code_is_up_to_date(path: Path) -> None:
    assert path.read_text() == reference.pages()[path], f"run `make docs`: {path.name} is behind the code"


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.name} -> {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_error_has_an_entry_in_the_troubleshooting_page() -> None:
    from swebench_runner.providers.core import errors

    page = (ROOT / "docs/troubleshooting.md").read_text()
    inner = {"ProviderError", "ConfigurationError", "CircuitBreakerError", "AllProvidersFailedError"}
    names = {
        n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.ProviderError)
    }
    assert {name for name in names - inner - {"TokenLimitError"} if f"`{name}`" not in page} == set()
