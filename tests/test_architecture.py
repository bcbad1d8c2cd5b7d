"""The rules of the house that a tool can check: sizes, lazy imports, honest exports."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import swebench_runner
from support_environment import unmeasured
from swebench_runner import providers
from swebench_runner.providers.registry import BUILT_IN

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
HEAVY = {
    "aiohttp", "click", "genai_prices", "huggingface_hub", "keyring", "msgspec", "pyarrow", "pydantic", "rich",
    "tiktoken", "bpe_openai", "sqlite3", "asyncio",
}  # fmt: skip


def test_no_file_is_longer_than_400_lines() -> None:
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}


def test_no_function_of_the_package_is_longer_than_40_lines() -> None:
    def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        """Lines of code: neither the docstring nor the signature counts."""
        body = node.body[1:] if ast.get_docstring(node) else node.body
        return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0

    long = {
        f"{path.relative_to(ROOT)}:{node.name}": length(node)
        for path in SOURCES
        if path.is_relative_to(ROOT / "src")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > 40
    }
    assert long == {}


def test_importing_the_provider_layer_loads_nothing_heavy_and_starts_no_thread() -> None:
    code = (
        "import sys, threading, swebench_runner.providers as p; p.__all__; "
        "print(sorted(m for m in sys.modules if '.' not in m), threading.active_count())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env=unmeasured(), capture_output=True, text=True, check=True
    )
    modules, threads = run.stdout.rsplit(" ", 1)
    assert HEAVY.isdisjoint(ast.literal_eval(modules))
    assert threads.strip() == "1"


def test_making_a_provider_does_not_load_the_http_library() -> None:
    code = (
        "import sys; from swebench_runner.providers import create_provider; "
        "create_provider('openai', api_key='sk-x'); create_provider('ollama'); "
        "print('aiohttp' in sys.modules, 'genai_prices' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env=unmeasured(), capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("name", providers.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(providers, name) is not None


def test_the_type_stub_names_what_the_package_exports() -> None:
    stub = ast.parse((ROOT / "src/swebench_runner/providers/__init__.pyi").read_text())
    named = {
        alias.asname for node in ast.walk(stub) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert named == set(providers.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="NoSuchThing"):
        providers.NoSuchThing  # noqa: B018 - the access is what is tested


def test_built_in_providers_use_the_door_that_plug_ins_use() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["swebench_runner.providers"] == BUILT_IN
    assert project["version"] == swebench_runner.__version__ == providers.__version__


def test_no_url_of_a_package_index_is_pinned() -> None:
    for name in ("requirements-dev.txt", "requirements-dev.in"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "index" not in text
