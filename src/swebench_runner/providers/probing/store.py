"""Profiles of servers, kept in the user's config folder: by address, without keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.probing.profile import CapabilityProfile
from swebench_runner.providers.settings.documents import read_text
from swebench_runner.providers.settings.files import locked, write_private
from swebench_runner.providers.settings.paths import config_dir
from swebench_runner.providers.settings.urls import openai_style

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE_NAME: Final = "servers.json"


def profiles_file(environ: Mapping[str, str] | None = None) -> Path:
    """Where profiles are kept."""
    return config_dir(environ) / FILE_NAME


def find_profile(base_url: str, *, file: Path | None = None) -> CapabilityProfile | None:
    """What was found out about the server at an address; None when nobody asked, or the file is unreadable.

    Args:
        base_url: In any form that people write.
        file: Another file than the user's.
    """
    entry = _read(file or profiles_file()).get(_address(base_url))
    if not isinstance(entry, dict):
        return None
    try:
        return CapabilityProfile.from_dict(entry)
    except (ValueError, TypeError):
        return None


def save_profile(profile: CapabilityProfile, *, file: Path | None = None) -> Path:
    """Keep a profile in place of an older one of the same address; where it is kept.

    Raises:
        ConfigurationError: The file cannot be written safely.
        OSError: It cannot be written at all.
    """
    path = file or profiles_file()
    with locked(path):
        kept = {**_read(path), _address(profile.base_url): profile.to_dict()}
        write_private(path, json.dumps(kept, indent=2, sort_keys=True) + "\n")
    return path


def _address(url: str) -> str:
    """One spelling for all: as `openai_style` makes it, lower case, one name for this machine."""
    scheme, _, rest = openai_style(url).partition("://")
    host, slash, path = rest.partition("/")
    host = host.lower().replace("localhost", "127.0.0.1", 1)
    return f"{scheme.lower()}://{host}{slash}{path}"


def _read(path: Path) -> dict[str, Any]:
    # What was found out can be found out again: a damaged file is no reason to stop anybody.
    try:
        found = json.loads(read_text(path) or "{}")
    except (ValueError, ConfigurationError):
        return {}
    return found if isinstance(found, dict) else {}
