"""Where two JSON values differ."""

from __future__ import annotations

from typing import Any


def unequal(path: str, ours: Any, theirs: Any) -> list[tuple[str, Any, Any]]:
    """(path, ours, theirs) of everything that differs between two JSON values."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        for key in sorted({*ours, *theirs}):
            at = f"{path}.{key}" if path else key
            if key not in ours or key not in theirs:
                found.append((at, ours.get(key, "<absent>"), theirs.get(key, "<absent>")))
            else:
                found += unequal(at, ours[key], theirs[key])
        return found
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            one
            for i, pair in enumerate(zip(ours, theirs, strict=True))
            for one in unequal(f"{path}.{i}", *pair)
        ]
    return [] if ours == theirs and type(ours) is type(theirs) else [(path, ours, theirs)]
