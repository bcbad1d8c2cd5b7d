"""Datasets from the Hugging Face hub, as the Parquet files they are stored in; cached by its own library."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.datasets.files import choose_split_files, missing_extra, no_split
from swebench_runner.generation.errors import (
    DatasetAuthenticationError,
    DatasetError,
    DatasetNetworkError,
    DatasetNotFoundError,
    DatasetStorageError,
)
from swebench_runner.providers.core.secret import MASK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

DEFAULT_ENDPOINT: Final = "https://huggingface.co"
LISTING_TIMEOUT_S: Final = 20.0
_DISK_ERRORS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)
_TOKEN_VARIABLES: Final = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_OFFLINE_VARIABLES: Final = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")


def fetch_split(
    hub_id: str,
    split: str,
    *,
    cache_dir: Path | None = None,
    revision: str = "main",
    offline: bool = False,
) -> list[Path]:
    """The local files of one split of a set, downloaded if the cache does not have them yet.

    Args:
        hub_id: "owner/name".
        split: For example "test".
        cache_dir: The library's usual cache if None.
        revision: Branch, tag or commit.
        offline: Use the cache alone; so do `HF_HUB_OFFLINE=1` and `HF_DATASETS_OFFLINE=1`.

    Returns:
        Paths in the order of the shards. `HF_ENDPOINT` says which hub, `HF_TOKEN` or
        `HUGGING_FACE_HUB_TOKEN` who asks; both are read at the call.

    Raises:
        DatasetNotFoundError: No such set or split.
        DatasetAuthenticationError: Private or gated, or a token that the hub does not take.
        DatasetNetworkError: The hub cannot be reached and the cache has no copy.
        MissingExtraError: huggingface_hub is not installed.
    """
    hub = _library()
    cache = cache_dir or Path(hub.constants.HF_HUB_CACHE)
    if offline or any(
        os.environ.get(name, "").lower() in ("1", "true", "yes", "on") for name in _OFFLINE_VARIABLES
    ):
        return _from_cache(hub_id, split, cache, revision) or _fail_offline(hub_id, split, cache)
    base_error: type[Exception] = hub.errors.HfHubHTTPError.__bases__[0]  # the HTTP library's own root error
    try:
        return _download(hub, hub_id, split, cache, revision)
    # A page of a proxy instead of JSON is a ValueError; refused and timed out are errors of the HTTP library.
    except (hub.errors.HfHubHTTPError, base_error, OSError, ValueError) as exc:
        error = _explain(hub, hub_id, revision, exc)
        cached = (
            _from_cache(hub_id, split, cache, revision)
            if error.exit_code == DatasetNetworkError.exit_code
            else []
        )
        if cached:
            return cached
        raise error from exc


def endpoint() -> str:
    """The hub that is asked."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def _library() -> ModuleType:
    try:
        import huggingface_hub  # noqa: PLC0415 - 0.3 s and an optional extra; needed for hub sets only
        import huggingface_hub.constants  # noqa: PLC0415 - the same
        import huggingface_hub.errors  # noqa: PLC0415 - the same
    except ImportError as exc:
        raise missing_extra("datasets from the hub need huggingface_hub") from exc
    return huggingface_hub


def _token() -> str | None:
    """None leaves the choice to the library, which knows `hf auth login`."""
    found = (os.environ.get(name, "").strip() for name in _TOKEN_VARIABLES)
    return next((token for token in found if token), None)


def _download(hub: ModuleType, hub_id: str, split: str, cache: Path, revision: str) -> list[Path]:
    # One plain request lists the files; the library's listing calls wait 23 s for a hub that is away.
    info = hub.HfApi(endpoint=endpoint(), token=_token()).dataset_info(
        hub_id, revision=revision, timeout=LISTING_TIMEOUT_S
    )
    names = [entry.rfilename for entry in info.siblings or ()]
    chosen = choose_split_files(names, split)
    if not chosen:
        raise no_split(f"{hub_id} ({endpoint()})", split, names)
    return [
        Path(
            hub.hf_hub_download(
                hub_id,
                name,
                repo_type="dataset",
                revision=revision,
                cache_dir=cache,
                endpoint=endpoint(),
                token=_token(),
            )
        )
        for name in chosen
    ]


def _from_cache(hub_id: str, split: str, cache: Path, revision: str) -> list[Path]:
    """The split in the cache's newest snapshot of a revision; [] if it is not complete.

    Source: https://huggingface.co/docs/huggingface_hub/guides/manage-cache (2026-08).
    """
    store = cache / ("datasets--" + hub_id.replace("/", "--"))
    reference = store / "refs" / revision
    commit = reference.read_text().strip() if reference.is_file() else revision
    snapshot = store / "snapshots" / commit
    names = [path.relative_to(snapshot).as_posix() for path in snapshot.glob("**/*") if path.is_file()]
    chosen = choose_split_files(names, split)
    return [snapshot / name for name in chosen] if _is_complete(chosen) else []


def _is_complete(names: Sequence[str]) -> bool:
    """Whether all shards are there, by the "-of-00003" that their names end in."""
    if not names:
        return False
    stem = Path(names[0]).stem
    return "-of-" not in stem or len(names) == int(stem.rsplit("-of-", 1)[1])


def _fail_offline(hub_id: str, split: str, cache: Path) -> list[Path]:
    raise DatasetNetworkError(
        f"{hub_id!r} ({split}) is not in the cache, and offline mode is on",
        looked_in=(str(cache),),
        hint="load it once with a network, or give a .jsonl or .parquet file",
    )


def _explain(hub: ModuleType, hub_id: str, revision: str, exc: Exception) -> DatasetError:
    where = (endpoint(),)
    if isinstance(exc, OSError) and exc.errno in _DISK_ERRORS:
        return DatasetStorageError(
            f"cannot keep {hub_id!r} in the cache: {exc.strerror}",
            hint="free space, or set HF_HOME to another disk",
        )
    status = getattr(getattr(exc, "response", None), "status_code", None)
    if isinstance(exc, hub.errors.RevisionNotFoundError):
        return DatasetNotFoundError(f"{hub_id!r} has no revision {revision!r}", looked_in=where)
    if status in (401, 403):
        return _refused(hub_id, status, where)
    if status == 404:
        return DatasetNotFoundError(
            f"no dataset {hub_id!r} on the hub (HTTP 404)", looked_in=where, hint="check the name: owner/name"
        )
    said = (
        f"HTTP {status}" if status is not None else f"{type(exc).__name__}: {str(exc).splitlines()[0][:160]}"
    )
    return DatasetNetworkError(
        f"cannot load {hub_id!r} from the hub ({said})",
        looked_in=(*where, "the cache"),
        hint="check the network and HF_ENDPOINT, or give a .jsonl or .parquet file",
    )


def _first_line(exc: Exception) -> str:
    text = f"{type(exc).__name__}: {exc}".splitlines()[0][:160]
    token = _token()
    return text.replace(token, MASK) if token else text


def _refused(hub_id: str, status: int, where: tuple[str, ...]) -> DatasetAuthenticationError:
    if _token() is None:
        hint = "check the name; if it is private or gated: export HF_TOKEN=…"
    else:
        hint = f"check the name; does this token have access to {hub_id}? The token came from the environment"
    return DatasetAuthenticationError(
        f"the hub refuses {hub_id!r} (HTTP {status})", looked_in=where, hint=hint
    )
