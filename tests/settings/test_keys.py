"""Keys at rest: a keyring where there is one, else a file; vaults by a command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from swebench_runner.providers import ConfigurationError, ProviderRegistry
from swebench_runner.providers.settings import keys
from swebench_runner.providers.settings.documents import set_value
from swebench_runner.providers.settings.keys import (
    find_key,
    has_keyring,
    key_from_command,
    remove_key,
    save_key,
)
from swebench_runner.providers.settings.paths import places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

keyring = pytest.importorskip("keyring", reason="the extra 'keyring' is not installed")


class Chest(keyring.backend.KeyringBackend):  # type: ignore[misc]
    """A keyring of this test."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._open()
        del self.kept[service, username]

    def _open(self) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")


@pytest.fixture
def chest(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chest]:
    before = keyring.get_keyring()
    made = Chest()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def no_keyring() -> Iterator[None]:
    from keyring.backends.null import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


def test_a_key_is_kept_in_the_keyring_where_there_is_one(chest: Chest, tmp_path: Path) -> None:  # A104
    file = tmp_path / "keys.json"
    assert has_keyring()
    assert save_key("openai", "sk-x", file) == "the keyring of this machine, service 'swebench-runner'"
    assert chest.kept == {("swebench-runner", "openai"): "sk-x"}
    assert not file.exists()
    found = find_key("openai", file)
    assert found is not None
    assert (found.key.reveal(), found.origin) == ("sk-x", "keyring 'swebench-runner'")
    assert "sk-x" not in repr(found)
    assert remove_key("openai", file)
    assert not remove_key("openai", file)
    assert find_key("openai", file) is None


def test_a_provider_that_needs_a_key_finds_it_there(chest: Chest) -> None:  # A087
    chest.kept["swebench-runner", "anthropic"] = "sk-ant"
    provider = ProviderRegistry(environ={}).get_provider("anthropic")
    assert provider.config.key == "sk-ant"
    assert provider.config.origins["api_key"] == "keyring 'swebench-runner'"


@pytest.mark.usefixtures("no_keyring")
def test_without_a_keyring_a_file_is_used_and_that_is_said(tmp_path: Path) -> None:  # A104
    file = tmp_path / "keys.json"
    assert not has_keyring()
    place = save_key("openai", "sk-x", file)
    assert place == f"{file} (no keyring here; in clear, readable by you alone)"
    assert json.loads(file.read_text()) == {"openai": "sk-x"}
    assert find_key("openai", file) is not None
    assert remove_key("openai", file)
    assert find_key("openai", file) is None


def test_without_the_library_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "find_spec", lambda _name: None)
    assert "no keyring here" in save_key("openai", "sk-x", tmp_path / "k")
    assert find_key("openai", tmp_path / "k") is not None


def test_a_locked_keyring_loses_no_key(chest: Chest, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    chest.locked = True
    assert "no keyring here" in save_key("openai", "sk-x", file)
    found = find_key("openai", file)
    assert found is not None
    assert found.origin == f"key file {file}"
    chest.locked = False
    save_key("openai", "sk-y", file)
    assert json.loads(file.read_text()) == {}  # one place holds a key, not two
    chest.kept["swebench-runner", "ollama"] = "k"
    chest.delete_password = lambda *_: chest.get_password(chest.__setattr__("locked", True) or "", "")  # type: ignore[method-assign]
    assert not remove_key("ollama", file)


@pytest.mark.usefixtures("no_keyring")
@pytest.mark.parametrize(("text", "message"), [("{", "is not JSON"), ("[]", "is not a table of keys")])
def test_a_damaged_file_of_keys_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        find_key("openai", file)


def test_a_vault_is_asked_once(tmp_path: Path) -> None:
    counter = tmp_path / "asked"
    script = tmp_path / "vault.sh"
    script.write_text(f"#!/bin/sh\necho x >> '{counter}'\necho '  sk-vault  '\n")
    script.chmod(0o700)
    set_value(places().user, ("providers", "openai", "key_command"), str(script))
    for _ in range(3):
        provider = ProviderRegistry(environ={}).get_provider("openai")
        assert provider.config.key == "sk-vault"
    assert counter.read_text() == "x\n"
    # A key that is given makes the question needless.
    assert ProviderRegistry(environ={"OPENAI_API_KEY": "k"}).get_provider("openai").config.key == "k"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("/no/such/program", "cannot be run: No such file or directory"),
        ("sh -c 'echo no entry >&2; exit 3'", "gave no key; it ended with 3: no entry"),
        ("true", "gave no key; it ended with 0"),
        ("sh -c 'unclosed", "cannot be run: ValueError"),
    ],
)
def test_a_vault_that_gives_no_key_is_named(command: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        key_from_command(command, "openai")
