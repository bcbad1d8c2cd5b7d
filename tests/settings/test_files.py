"""Files of settings: private, replaced in one step, changed by many without a loss."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from swebench_runner.providers import ConfigurationError
from swebench_runner.providers.settings import files
from swebench_runner.providers.settings.documents import read_text, read_toml, set_value
from swebench_runner.providers.settings.files import locked, write_private
from swebench_runner.providers.settings.keys import save_key
from swebench_runner.providers.settings.paths import config_dir, places, project_file, shown
from swebench_runner.providers.settings.provider_file import Entry, read_providers, update_providers


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
@pytest.mark.parametrize("kind", ["toml", "yaml", "keys"])
def test_what_is_written_is_for_its_owner_alone_under_every_umask(
    tmp_path: Path, umask: int, kind: str
) -> None:
    # In a process of its own: the umask belongs to all threads.
    write = {
        "toml": "from swebench_runner.providers.settings.documents import set_value as w; w(p, ('a',), 1)",
        "yaml": "from swebench_runner.providers.settings.provider_file import *; update_providers(p, {}, {'a': Entry()})",
        "keys": "from swebench_runner.providers.settings.keys import save_key as w; w('openai', 'sk-x', p)",
    }[kind]
    code = f"import os, pathlib; os.umask({umask}); p = pathlib.Path({str(tmp_path / 'file')!r}); {write}"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_a_symbolic_link_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("x = 1\n")
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    for write in (
        lambda: set_value(link, ("x",), 2),
        lambda: update_providers(link, {}, {"a": Entry()}),
        lambda: save_key("openai", "k", link),
        lambda: write_private(link, "x"),
    ):
        with pytest.raises(ConfigurationError, match="is a symbolic link and is not written to"):
            write()
    assert real.read_text() == "x = 1\n"
    assert link.is_symlink()


def test_a_crash_in_the_middle_of_a_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # C038
    path = tmp_path / "providers.yaml"
    update_providers(path, {}, {"a": Entry(name="A")})
    before = path.read_text()

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(files.os, step, fails)
            with pytest.raises(OSError, match="No space left"):
                update_providers(path, {}, {"b": Entry(name="B")})
        assert path.read_text() == before
        assert [one.name for one in tmp_path.iterdir() if one.suffix not in {".yaml", ".lock"}] == []


def test_a_process_that_is_killed_while_it_writes_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    set_value(path, ("x",), "old")
    code = (
        "import os, signal, pathlib\n"
        "from swebench_runner.providers.settings import files, documents\n"
        "files.os.replace = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"documents.set_value(pathlib.Path({str(path)!r}), ('x',), 'new')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert read_toml(path) == {"x": "old"}
    set_value(path, ("x",), "newer")  # the lock went with the process
    assert read_toml(path) == {"x": "newer"}


def test_many_writers_do_not_lose_each_others_changes(tmp_path: Path) -> None:
    toml, yaml, keys = tmp_path / "c.toml", tmp_path / "p.yaml", tmp_path / "k.json"

    def work(number: int) -> None:
        set_value(toml, ("providers", f"p{number}", "model"), "m")
        update_providers(yaml, {}, {"shared": Entry(valid_models={f"m{number}": "s"})})
        save_key(f"p{number}", "k", keys)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    assert len(read_toml(toml)["providers"]) == 24
    assert len(read_providers(yaml)["shared"].valid_models) == 24
    assert len(json.loads(keys.read_text())) == 24


def test_two_processes_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    code = (
        "import pathlib, sys\n"
        "from swebench_runner.providers.settings.documents import set_value\n"
        f"for n in range(20): set_value(pathlib.Path({str(path)!r}), ('t', sys.argv[1] + str(n)), n)\n"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "ab"]
    assert [worker.wait() for worker in workers] == [0, 0]
    assert len(read_toml(path)["t"]) == 40


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    path, order = tmp_path / "f", []
    inside, go = threading.Event(), threading.Event()

    def first() -> None:
        with locked(path):
            inside.set()
            go.wait()
            order.append("first")

    def second() -> None:
        inside.wait()
        with locked(path):
            order.append("second")

    threads = [threading.Thread(target=one) for one in (first, second)]
    for thread in threads:
        thread.start()
    inside.wait()
    go.set()
    for thread in threads:
        thread.join()
    assert order == ["first", "second"]


def test_comments_and_order_survive_a_change_of_a_value(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '# mine\ndefault_provider = "openai" # for now\n\n[providers.openai]\nmodel = "a"   # cheap\n[other]\nx = 1\n'
    )
    set_value(path, ("providers", "openai", "model"), "b")
    set_value(path, ("providers", "openai", "headers", "X-A"), "1")
    set_value(path, ("nothing", "here"), None)
    text = path.read_text()
    for kept in ("# mine\n", "# for now", "# cheap", "[other]\nx = 1", '"b"'):
        assert kept in text
    assert read_toml(path)["providers"]["openai"]["headers"] == {"X-A": "1"}
    set_value(path, ("providers", "openai", "model"), None)
    assert "model" not in read_toml(path)["providers"]["openai"]
    with pytest.raises(ConfigurationError, match=r"other\.x is not a table"):
        set_value(path, ("other", "x", "y"), 1)


def test_a_file_that_is_no_toml_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("a = 1\nb = = 2\n")
    with pytest.raises(ConfigurationError, match=r"config.toml is not TOML: .*line 2"):
        read_toml(path)
    with pytest.raises(ConfigurationError, match="is not TOML"):
        set_value(path, ("a",), 2)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read: it is not UTF-8"):
        read_toml(path)
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read_text(tmp_path)
    assert read_text(tmp_path / "gone") is None


def test_the_folder_is_where_the_platform_keeps_such_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import platformdirs

    assert config_dir() == platformdirs.user_config_path("swebench-runner", appauthor=False)
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert config_dir() == platformdirs.user_config_path("swebench-runner", appauthor=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert config_dir().name == "swebench-runner"
    assert config_dir({"SWEBENCH_CONFIG_DIR": str(tmp_path)}) == tmp_path
    assert places({"SWEBENCH_CONFIG_DIR": str(tmp_path)}).user == tmp_path / "config.toml"
    assert shown(Path.home() / "x" / "y") == "~/x/y"
    assert shown(Path("/srv/x")) == "/srv/x"


def test_a_projects_file_is_looked_for_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    inner = tmp_path / "repo" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "repo" / "swebench.toml").write_text("")
    (tmp_path / ".swebench.toml").write_text("")
    assert project_file(inner) is None  # outside of a repository only the folder itself counts
    (tmp_path / "repo" / ".git").mkdir()
    assert project_file(inner) == tmp_path / "repo" / "swebench.toml"
    (tmp_path / "repo" / ".swebench.toml").write_text("")
    assert project_file(inner) == tmp_path / "repo" / ".swebench.toml"
    (inner / "swebench.toml").write_text("")
    assert project_file(inner) == inner / "swebench.toml"


def test_a_folder_that_is_gone_has_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert project_file() is None
