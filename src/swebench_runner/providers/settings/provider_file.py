"""Plan C's file of endpoints and their models, read and changed in place.

    providers:
      openai:
        name: OpenAI
        base_api_url: https://api.openai.com/v1
        api_key: sk-...
        valid_models:
          gpt-4o-2024-08-06: 4o
        invalid_models:
        - text-davinci-003

Model names are texts whatever YAML makes of them (`4o`, `1.10`, `yes`). Comments and unknown keys survive a
change; only what has changed is written, so that two programs do not undo each other's work.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.settings.documents import EMPTY, read_text
from swebench_runner.providers.settings.files import locked, write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
# Written without quotes only when no YAML, old or new, takes it for anything but a text.
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})
_TEXT_FIELDS: Final = ("name", "base_api_url", "api_key")


@dataclass(frozen=True, slots=True)
class Entry:
    """One endpoint as the file has it; None is what it does not say."""

    name: str | None = None
    base_api_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    valid_models: Mapping[str, str] = field(default_factory=dict)
    invalid_models: tuple[str, ...] = ()


def read_providers(path: Path) -> Mapping[str, Entry]:
    """The endpoints of a file, in its order; empty when there is none. An unchanged file is parsed once.

    Raises:
        ConfigurationError: It cannot be read, is not YAML or has another shape; names file and place.
    """
    try:
        state = path.stat()
    except OSError:
        return EMPTY
    return _parsed(path, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=8)
def _parsed(path: Path, *_state: int) -> Mapping[str, Entry]:
    return MappingProxyType(_entries(path, _texts(path, read_text(path) or "")))


def update_providers(path: Path, before: Mapping[str, Entry], now: Mapping[str, Entry]) -> None:
    """Write what differs between two states of the endpoints; all else in the file stays.

    Args:
        path: The file; it and its folder are made if need be.
        before: As they were read; an endpoint that is not in it counts as new.
        now: As they are to be. An endpoint that is in `before` alone is taken out.

    Raises:
        ConfigurationError: The file is not YAML, or is a symbolic link.
        OSError: It cannot be written; the old file is as it was.
    """
    with locked(path):
        text = read_text(path) or ""
        texts = _texts(path, text)
        _entries(path, texts)
        yaml, document, fresh = _round_trip(path, text)
        providers = _child(document, texts, "providers")
        for name in before:
            if name not in now:
                providers.remove(name)
        for name, entry in now.items():
            _write_entry(providers.table(name), before.get(name, Entry()), entry)
        out = io.StringIO()
        yaml.dump(document, out)
        # A file of comments alone is no document: they are put back in front.
        kept = text if fresh and text.strip() else ""
        write_private(path, kept + out.getvalue())


class _Table:
    """A mapping of the file, addressed by the texts of its keys."""

    def __init__(self, data: Any, texts: object) -> None:  # noqa: ANN401 - a mapping of the YAML library
        self.data = data
        self.texts = texts if isinstance(texts, dict) else {}
        same = len(self.texts) == len(data)
        self.keys: dict[str, Any] = (
            dict(zip(self.texts, data, strict=True)) if same else {str(k): k for k in data}
        )

    def table(self, name: str) -> _Table:
        """The mapping under a key, made where there is none."""
        key = self.keys.setdefault(name, _scalar(name))
        if not isinstance(self.data.get(key), dict):
            self.data[key] = type(self.data)()
        return _Table(self.data[key], self.texts.get(name))

    def set(self, name: str, value: object) -> None:
        """Set a value; a text that stands there already is left as it was written."""
        if isinstance(value, str) and self.texts.get(name) == value:
            return
        self.data[self.keys.setdefault(name, _scalar(name))] = (
            _scalar(value) if isinstance(value, str) else value
        )

    def remove(self, name: str) -> None:
        """Take a key away."""
        key = self.keys.pop(name, None)
        if key is not None:
            self.data.pop(key, None)


def _child(document: Any, texts: object, name: str) -> _Table:  # noqa: ANN401 - as above
    return _Table(document, texts).table(name)


def _write_entry(table: _Table, before: Entry, now: Entry) -> None:
    for name in _TEXT_FIELDS:
        value = getattr(now, name)
        if (value is not None and value != getattr(before, name)) or name not in table.keys:
            table.set(name, value or "")
    models = table.table("valid_models")
    for model in before.valid_models:
        if model not in now.valid_models:
            models.remove(model)
    for model, short in now.valid_models.items():
        if before.valid_models.get(model) != short:
            models.set(model, short)
    _write_refused(table, before, now)


def _write_refused(table: _Table, before: Entry, now: Entry) -> None:
    there = table.texts.get("invalid_models")
    refused = [str(item) for item in there] if isinstance(there, list) else []
    gone = set(before.invalid_models) - set(now.invalid_models)
    added = [model for model in now.invalid_models if model not in before.invalid_models]
    if not isinstance(there, list):
        table.set("invalid_models", [])
    items = table.data[table.keys["invalid_models"]]
    for place in reversed(range(len(refused))):
        if refused[place] in gone:
            del items[place]
    items.extend(_scalar(model) for model in added if model not in refused)


def _scalar(text: str) -> Any:  # noqa: ANN401 - a text of the YAML library
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString  # noqa: PLC0415 - only to write

    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain or "://" in text else DoubleQuotedScalarString(text)


def _texts(path: Path, text: str) -> object:
    """The document with every scalar as the text that it was written as."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - only where there is such a file

    return _guarded(path, lambda: YAML(typ="base", pure=True).load(text)) or {}


def _round_trip(path: Path, text: str) -> tuple[Any, Any, bool]:
    """What writes, the document with its comments, and whether it is a new one."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - only to write
    from ruamel.yaml.comments import CommentedMap  # noqa: PLC0415 - as above

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    indent, offset = _indents(text)
    yaml.indent(mapping=indent, sequence=offset + 2, offset=offset)
    document = _guarded(path, lambda: yaml.load(text))
    return yaml, CommentedMap() if document is None else document, document is None


def _indents(text: str) -> tuple[int, int]:
    """How far the file moves its tables and the dashes of its lists to the right."""
    step = re.search(r"^[^\s#-][^\n]*:[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*( +)[^\s#-]", text, re.MULTILINE)
    dash = re.search(r"^( *)[^\s#-][^\n]*:[ \t]*\n( *)- ", text, re.MULTILINE)
    return len(step[1]) if step else 2, max(len(dash[2]) - len(dash[1]), 0) if dash else 0


def _guarded(path: Path, load: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the file holds
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - as above

    try:
        return load()
    except (YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        reason = getattr(error, "problem", None) or type(error).__name__
        raise ConfigurationError(f"{path}{place} is not YAML: {reason}", original_error=error) from error


def _entries(path: Path, document: object) -> dict[str, Entry]:
    providers = document.get("providers") if isinstance(document, dict) else document
    if providers in _no_value():
        return {}
    if not isinstance(providers, dict):
        raise ConfigurationError(f"{path}: 'providers' is not a table", hint="see docs/configuration.md")
    return {str(name): _entry(path, str(name), raw) for name, raw in providers.items()}


def _entry(path: Path, name: str, raw: object) -> Entry:
    where = f"{path}: providers.{name}"
    if raw in _no_value():
        return Entry()
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{where} is not a table", hint="see docs/configuration.md")
    texts = {key: _text(raw.get(key), f"{where}.{key}") for key in _TEXT_FIELDS}
    valid, refused = raw.get("valid_models"), raw.get("invalid_models")
    if not (valid in _no_value() or isinstance(valid, dict)):
        raise ConfigurationError(f"{where}.valid_models is not a table", hint="give long name: short name")
    if not (refused in _no_value() or isinstance(refused, list)):
        raise ConfigurationError(f"{where}.invalid_models is not a list", hint="give a list of names")
    models = {
        str(long): _text(short, f"{where}.valid_models.{long}") or str(long)
        for long, short in (valid or {}).items()
    }
    return Entry(**texts, valid_models=models, invalid_models=tuple(str(item) for item in refused or ()))


def _text(value: object, where: str) -> str | None:
    if not isinstance(value, str | None):
        raise ConfigurationError(f"{where} is not a text")
    return None if value is None or value in _NULLS else value


def _no_value() -> tuple[object, ...]:
    return (None, *_NULLS)
