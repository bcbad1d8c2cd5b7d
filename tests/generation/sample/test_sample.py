"""The sample is a dataset like the official ones, and has every shape that breaks patch tools."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from swebench_runner.generation import sample
from swebench_runner.generation.datasets.instances import read_instance
from swebench_runner.generation.datasets.loading import load_dataset
from swebench_runner.generation.errors import InstanceValidationError

INSTANCES = {one.instance_id: one for one in sample.load()}
SHAPES = {
    "one hunk": lambda one, _: one.patch.count("\n@@ ") == 1,
    "several hunks in a file": lambda one, _: (
        one.patch.count("\n@@ ") > 1 and one.patch.count("diff --git") == 1
    ),
    "several files": lambda one, _: one.patch.count("diff --git") > 1,
    "a new file": lambda one, _: "new file mode" in one.patch,
    "a deleted file": lambda one, _: "deleted file mode" in one.patch,
    "text beyond ASCII": lambda one, _: (
        not one.patch.isascii() or not all(text.isascii() for text in _.values())
    ),
    "no final newline": lambda one, _: "\\ No newline at end of file" in one.patch,
    "CRLF": lambda one, _: "\r\n" in one.patch,
    "a path with a space": lambda one, _: re.search(r"^--- a/.* .*$", one.patch, re.MULTILINE) is not None,
    "a new test file": lambda one, _: "new file mode" in one.test_patch,
}


def test_there_are_twelve_in_the_official_schema() -> None:
    assert len(INSTANCES) == 12
    for instance_id, one in INSTANCES.items():
        name = one.repo.removeprefix("sample/")
        assert instance_id == f"sample__{name}-1"
        assert re.fullmatch(r"[0-9a-f]{40}", one.base_commit)
        assert one.version == "1.0"
        assert one.problem_statement.count("\n") >= 4
        assert one.fail_to_pass
        assert one.pass_to_pass
        assert not set(one.fail_to_pass) & set(one.pass_to_pass)
        assert one.raw["shape"]
        assert read_instance(one.to_row(), where="again") == one


def test_the_dataset_name_sample_is_this() -> None:
    assert load_dataset("sample") == load_dataset("Sample") == sample.load()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_there(shape: str) -> None:
    assert [one for one in INSTANCES.values() if SHAPES[shape](one, sample.files(one.instance_id))]


def test_commits_differ_and_stay() -> None:
    commits = [one.base_commit for one in INSTANCES.values()]
    assert len(set(commits)) == 12
    assert [one.base_commit for one in sample.load()] == commits


def test_files_are_a_copy_and_the_oracle_files_are_the_same() -> None:
    files = sample.files("sample__median-1")
    files["statkit/core.py"] = "changed"
    assert sample.files("sample__median-1")["statkit/core.py"] != "changed"
    assert sample.oracle_files() == {one: sample.files(one) for one in INSTANCES}


def test_an_unknown_project_names_those_that_are_there() -> None:
    with pytest.raises(
        InstanceValidationError, match="one of sample__addressbook-1, sample__filters-1"
    ) as caught:
        sample.files("sample__nothing-1")
    assert caught.value.exit_code == 2


def test_line_ends_and_final_newlines_are_as_the_shapes_say() -> None:
    module = sample.files("sample__addressbook-1")["addressbook.py"]
    assert module.count("\n") == module.count("\r\n") > 10
    assert not sample.files("sample__settings-1")["settings/values.py"].endswith("\n")


def git(folder: Path, *arguments: str, text: str = "") -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=text.encode(), capture_output=True, check=True
    )
    return done.stdout.decode()


@pytest.mark.parametrize("instance_id", INSTANCES)
def test_the_solution_applies_to_the_files_and_so_do_the_tests(tmp_path: Path, instance_id: str) -> None:
    one = INSTANCES[instance_id]
    for path, text in sample.files(instance_id).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    git(tmp_path, "init", "-q")
    for patch in (one.patch, one.test_patch):
        git(tmp_path, "apply", "--check", "-", text=patch)
        git(tmp_path, "apply", "--whitespace=nowarn", "-", text=patch)
    assert not list(tmp_path.glob("**/*.rej"))


@pytest.mark.parametrize("instance_id", INSTANCES)
def test_before_the_fix_the_plain_unittest_command_passes(tmp_path: Path, instance_id: str) -> None:
    for path, text in sample.files(instance_id).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    done = subprocess.run(
        [sys.executable, "-B", "-m", "unittest", "discover", "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_projects_are_package_data_of_their_own(tmp_path: Path) -> None:
    """A copy of the package without the checkout around it still has them."""
    package = Path(str(resources.files("swebench_runner")))
    shutil.copytree(package, tmp_path / "swebench_runner", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
        "from swebench_runner.generation import sample; print(len(sample.load()), sample.__file__)"
    )
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=True)
    count, _, where = done.stdout.strip().partition(" ")
    assert count == "12"
    assert where.startswith(str(tmp_path))
