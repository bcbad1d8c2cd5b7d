"""Hub sets through the real client library and real sockets; only the far end is ours."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from support_hub import Hub
from swebench_runner.generation.datasets.loading import iter_dataset, load_dataset
from swebench_runner.generation.errors import (
    DatasetAuthenticationError,
    DatasetError,
    DatasetNetworkError,
    DatasetNotFoundError,
    DatasetStorageError,
    MissingExtraError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LITE = "SWE-bench/SWE-bench_Lite"
DEV_FILE = "data/dev-00000-of-00001.parquet"


@pytest.fixture
def hub(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    pytest.importorskip("huggingface_hub")
    parquet = (data_dir / "swebench" / "lite-dev.parquet").read_bytes()
    lines = (data_dir / "swebench" / "verified-5.jsonl").read_bytes()
    files = {"README.md": b"#", DEV_FILE: parquet, "data/test-00000-of-00001.jsonl": lines}
    with Hub({LITE: files}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def test_a_short_name_is_downloaded_once_and_then_read_from_the_cache(
    hub: Hub, tmp_path: Path, data_dir: Path
) -> None:
    first = load_dataset("lite", split="dev", cache_dir=tmp_path)
    assert first == load_dataset(data_dir / "swebench" / "lite-dev.parquet")
    downloads = [path for method, path, _ in hub.requests if method == "GET" and "/resolve/" in path]
    assert downloads == [f"/datasets/{LITE}/resolve/main/{DEV_FILE}"]
    assert load_dataset("swe-bench_lite", split="dev", cache_dir=tmp_path) == first
    assert [path for method, path, _ in hub.requests if method == "GET" and "/resolve/" in path] == downloads


def test_the_test_split_is_the_usual_one_and_an_id_works_like_a_short_name(hub: Hub, tmp_path: Path) -> None:
    assert len(load_dataset(LITE, cache_dir=tmp_path)) == 5
    assert len(list(iter_dataset("lite", cache_dir=tmp_path))) == 5


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
def test_the_token_of_the_environment_is_sent(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    hub.token = "hf_secret"
    monkeypatch.setenv(variable, "hf_secret\n")
    assert len(load_dataset("lite", cache_dir=tmp_path)) == 5
    assert {sent for _, _, sent in hub.requests} == {"Bearer hf_secret"}


def test_without_a_token_nothing_is_sent(hub: Hub, tmp_path: Path) -> None:
    load_dataset("lite", cache_dir=tmp_path)
    assert {sent for _, _, sent in hub.requests} == {None}


def test_a_gated_set_without_a_token_asks_for_one(hub: Hub, tmp_path: Path) -> None:
    hub.token = "hf_secret"
    with pytest.raises(DatasetAuthenticationError) as caught:
        load_dataset("lite", cache_dir=tmp_path)
    assert str(caught.value) == (
        f"the hub refuses '{LITE}' (HTTP 401)\n  Looked in: {hub.url}\n"
        "  Fix: check the name; if it is private or gated: export HF_TOKEN=…"
    )
    assert caught.value.exit_code == 3


def test_a_wrong_token_is_not_shown(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.token = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(DatasetAuthenticationError, match="does this token have access to") as caught:
        load_dataset("lite", cache_dir=tmp_path)
    assert "hf_wrong" not in str(caught.value)


def test_a_forbidden_set_is_an_authentication_error(hub: Hub, tmp_path: Path) -> None:
    hub.refuses = (403, {"X-Error-Code": "GatedRepo"}, b"{}")
    with pytest.raises(DatasetAuthenticationError, match="HTTP 403"):
        load_dataset("lite", cache_dir=tmp_path)


def test_an_unknown_set_is_not_found(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError) as caught:
        load_dataset("nobody/nothing", cache_dir=tmp_path)
    assert str(caught.value) == (
        f"no dataset 'nobody/nothing' on the hub (HTTP 404)\n  Looked in: {hub.url}\n  Fix: check the name: owner/name"
    )


def test_an_unknown_revision_is_not_found(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="has no revision 'v9'"):
        load_dataset("lite", revision="v9", cache_dir=tmp_path)


def test_an_unknown_split_names_those_that_are_there(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError) as caught:
        load_dataset("lite", split="train", cache_dir=tmp_path)
    assert caught.value.message == f"no split 'train' in {LITE} ({hub.url})"
    assert caught.value.hint == "choose the split: dev, test"


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b"oops"),
        (429, {}, b""),
        (200, {"content-type": "text/html"}, b"<html>sign in to this network</html>"),
    ],
    ids=["500", "429", "a page"],
)
def test_a_hub_that_does_not_work_is_a_network_error(
    hub: Hub, tmp_path: Path, answer: tuple[int, dict[str, str], bytes]
) -> None:
    hub.refuses = answer
    with pytest.raises(DatasetNetworkError) as caught:
        load_dataset("lite", cache_dir=tmp_path)
    assert caught.value.exit_code == 4
    assert "check the network and HF_ENDPOINT" in str(caught.value)


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_hub_that_is_away_is_a_network_error_at_once(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{_unused_port()}/")
    with pytest.raises(DatasetNetworkError, match=r"cannot load .*refused") as caught:
        load_dataset("lite", cache_dir=tmp_path)
    assert caught.value.exit_code == 4


def test_an_endpoint_that_is_no_address_is_a_network_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_ENDPOINT", "nonsense")
    with pytest.raises(DatasetNetworkError, match="UnsupportedProtocol"):
        load_dataset("lite", cache_dir=tmp_path)


def test_what_was_loaded_before_is_used_when_the_hub_is_away(hub: Hub, tmp_path: Path) -> None:
    first = load_dataset("lite", cache_dir=tmp_path)
    hub.refuses = (503, {}, b"")
    assert load_dataset("lite", cache_dir=tmp_path) == first
    with pytest.raises(DatasetNetworkError):
        load_dataset("lite", split="dev", cache_dir=tmp_path)


@pytest.mark.parametrize("how", ["argument", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"])
def test_offline_asks_nobody(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    first = load_dataset("lite", cache_dir=tmp_path)
    hub.requests.clear()
    if how != "argument":
        monkeypatch.setenv(how, "1")
    offline = how == "argument"
    assert load_dataset("lite", cache_dir=tmp_path, offline=offline) == first
    with pytest.raises(DatasetNetworkError) as caught:
        load_dataset("lite", split="dev", cache_dir=tmp_path, offline=offline)
    assert str(caught.value) == (
        f"'{LITE}' (dev) is not in the cache, and offline mode is on\n  Looked in: {tmp_path}\n"
        "  Fix: load it once with a network, or give a .jsonl or .parquet file"
    )
    assert hub.requests == []


def test_shards_come_in_order_and_a_cache_that_lacks_one_is_not_used(
    hub: Hub, tmp_path: Path, data_dir: Path
) -> None:
    lines = (data_dir / "swebench" / "lite-dev.jsonl").read_bytes().splitlines(keepends=True)
    shards = {f"data/test-{n:05d}-of-00003.jsonl": b"".join(lines[n::3]) for n in range(3)}
    hub.datasets["acme/shards"] = dict(reversed(shards.items()))
    loaded = load_dataset("acme/shards", cache_dir=tmp_path)
    whole = load_dataset(data_dir / "swebench" / "lite-dev.jsonl")
    assert loaded == [*whole[0::3], *whole[1::3], *whole[2::3]]
    next(tmp_path.glob("**/snapshots/**/test-00001-of-00003.jsonl")).unlink()
    with pytest.raises(DatasetNetworkError):
        load_dataset("acme/shards", cache_dir=tmp_path, offline=True)


def test_a_cache_that_cannot_be_written_is_a_storage_error(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatasetStorageError, match="Not a directory") as caught:
        load_dataset("lite", cache_dir=tmp_path / "file" / "cache")
    assert caught.value.exit_code == 5


def test_without_the_library_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError) as caught:
        load_dataset("lite", cache_dir=tmp_path)
    assert str(caught.value) == (
        "datasets from the hub need huggingface_hub\n  Fix: pip install 'swebench-runner[datasets]'"
    )
    assert isinstance(caught.value, DatasetError)
