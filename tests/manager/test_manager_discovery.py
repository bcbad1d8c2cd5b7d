"""Finding models out through the manager: words, lists, outages, the file."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from support_endpoint import Endpoint, serving
from swebench_runner.providers import ModelDiscoveryService, ProviderConfig, ProviderManager
from swebench_runner.providers.settings.provider_file import Entry, read_providers, update_providers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as running:
        yield running


@pytest.fixture
def said() -> list[str]:
    return []


def config_of(endpoint: Endpoint, **more: Any) -> ProviderConfig:
    return ProviderConfig(name="Lab", base_api_url=endpoint.url, api_key="sk-lab", max_retries=0, **more)


def managing(folder: Path, said: list[str], **providers: Any) -> ProviderManager:
    return ProviderManager(providers, folder, echo=said.append)


def test_models_are_listed_tried_and_kept(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # C024-C026, C028
    endpoint.models = ["ok-1", "ok-2", "404-1", "404-2", "429-1"]
    known = {"ok-1": "one", "429-1": "mine"}
    manager = managing(tmp_path, said, lab=config_of(endpoint, valid_models=known, invalid_models=["404-2"]))
    assert manager.discover_models() is True
    lab = manager["lab"]
    assert lab.valid_models == {"ok-1": "one", "429-1": "mine", "ok-2": "ok-2"}  # C025: short names are kept
    assert lab.invalid_models == ["404-1", "404-2"]
    assert endpoint.probes == {"ok-1": 1, "ok-2": 1, "404-1": 1, "429-1": 1}  # C023, C024
    assert said == [
        "Successfully discovered 3 valid and 2 invalid models for lab",  # C026
        "1 models of lab could not be checked and stay as they were",
        "Provider configurations persisted to YAML",  # C028
    ]
    (report,) = manager.last_report.providers
    assert (report.new, report.unknown, report.probes) == (("ok-2",), ("429-1",), 4)
    assert manager.last_report.persisted
    assert read_providers(tmp_path / "openaicompat-providers.yaml")["lab"] == Entry(
        "Lab", endpoint.url, "sk-lab", lab.valid_models, ("404-1", "404-2")
    )  # C033, C035, C037


async def test_the_asynchronous_twin_does_the_same(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # K63, K64
    endpoint.models = ["ok-1"]
    manager = managing(tmp_path, said, lab=config_of(endpoint))
    assert await manager.adiscover_models() is True
    assert manager.discover_models() is True  # inside a running loop as well
    assert manager.validate_model("ok-1") == "ok-1"
    assert endpoint.lists == 1


def test_refused_models_are_tried_again_when_asked(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # C023, K61
    endpoint.models = ["ok-1", "404-1"]
    manager = managing(tmp_path, said, lab=config_of(endpoint, invalid_models=["ok-1", "404-1"]))
    manager.discover_models(force_refresh=True)
    assert endpoint.probes.total() == 0
    manager.discover_models(revalidate=True)
    assert endpoint.probes == {"ok-1": 1, "404-1": 1}
    assert (manager["lab"].valid_models, manager["lab"].invalid_models) == ({"ok-1": "ok-1"}, ["404-1"])


def test_a_model_that_is_refused_now_leaves_the_valid_ones(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # K61
    endpoint.models = ["404-1", "429-2", "500-3"]
    known = {"404-1": "a", "429-2": "b"}
    manager = managing(tmp_path, said, lab=config_of(endpoint, valid_models=known, invalid_models=["500-3"]))
    manager.discover_models(revalidate=True)
    assert manager["lab"].valid_models == {"429-2": "b"}
    assert sorted(manager["lab"].invalid_models) == ["404-1", "500-3"]


def test_an_outage_takes_nothing_away(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # C027, K60
    endpoint.list_status = 503
    manager = managing(tmp_path, said, lab=config_of(endpoint, valid_models={"a": "b"}, invalid_models=["c"]))
    assert manager.discover_models() is False
    assert (manager["lab"].valid_models, manager["lab"].invalid_models) == ({"a": "b"}, ["c"])
    assert said[0].startswith("Error discovering models for lab: ")
    assert len(said) == 1
    assert manager.last_report.failed == ["lab"]
    assert not (tmp_path / "openaicompat-providers.yaml").exists()  # C028


def test_an_empty_list_takes_nothing_away(endpoint: Endpoint, tmp_path: Path, said: list[str]) -> None:
    manager = managing(tmp_path, said, lab=config_of(endpoint, valid_models={"a": "b"}, invalid_models=["c"]))
    assert manager.discover_models() is True
    assert (manager["lab"].valid_models, manager["lab"].invalid_models) == ({"a": "b"}, ["c"])
    assert manager.last_report.providers[0].unlisted == ("a",)


def test_an_earlier_list_is_used_in_an_outage_and_that_is_said(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # C032
    endpoint.models = ["ok-1"]
    manager = managing(tmp_path, said, lab=config_of(endpoint))
    manager.discover_models(persist_on_success=False)
    endpoint.list_status = 500
    said.clear()
    assert manager.discover_models(force_refresh=True) is True
    assert said[0] == "No new list of models from lab; going on with the one from before"
    assert manager.last_report.providers[0].stale


def test_a_wrong_key_is_an_error_and_changes_nothing(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:
    endpoint.models = ["401-1", "401-2", "401-3", "401-4"]
    manager = managing(tmp_path, said, lab=config_of(endpoint, valid_models={"401-1": "x"}))
    assert manager.discover_models() is False
    assert manager["lab"].valid_models == {"401-1": "x"}
    assert said[0].startswith("Error discovering models for lab: ")


def test_who_is_unknown_or_has_no_key_is_named(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # C021, C022, C050, K59
    endpoint.models = ["ok-1"]
    without = ProviderConfig("Other", base_url=endpoint.url)
    manager = managing(tmp_path, said, other=without, lab=config_of(endpoint))
    assert manager.discover_models(provider="x") is False
    assert said == ["Provider 'x' not found"]
    said.clear()
    assert manager.discover_models() is True
    assert said[0] == "Skipping other: No valid API key configured"
    assert said[1] == "Successfully discovered 1 valid and 0 invalid models for lab"
    assert (manager.last_report.skipped, manager.last_report.discovered) == (["other"], ["lab"])
    said.clear()
    assert manager.discover_models(provider="other") is True
    assert said == [
        "Skipping other: No valid API key configured"
    ]  # nothing was found out, nothing is written


def test_one_that_fails_does_not_stop_the_others(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # C027, C028
    endpoint.models = ["ok-1"]
    down = ProviderConfig("Down", "k", base_url="http://127.0.0.1:1/v1", max_retries=0)
    manager = managing(tmp_path, said, down=down, lab=config_of(endpoint))
    assert manager.discover_models() is False
    assert manager["lab"].valid_models == {"ok-1": "ok-1"}
    assert said[0].startswith("Error discovering models for down: ")
    assert not (tmp_path / "openaicompat-providers.yaml").exists()


def test_nothing_is_written_when_that_is_not_wanted(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # C028
    endpoint.models = ["ok-1"]
    manager = managing(tmp_path, said, lab=config_of(endpoint))
    assert manager.discover_models(persist_on_success=False) is True
    assert list(tmp_path.iterdir()) == []


class ServiceOfOnesOwn(ModelDiscoveryService):
    """Plan C's synchronous methods, and nothing of ours."""

    def discover_models(self, config: ProviderConfig, force_refresh: bool = False) -> list[dict[str, Any]]:
        if config.name == "bad":
            raise RuntimeError("boom")
        return [{"id": "yes"}, {"id": "no"}]

    def validate_model(self, config: ProviderConfig, model: str) -> bool:
        return model == "yes"


def test_a_service_with_the_plans_methods_alone_works(tmp_path: Path, said: list[str]) -> None:  # C027, C046
    providers = {"bad": ProviderConfig("bad", "k"), "good": ProviderConfig("good", "k")}
    manager = ProviderManager(providers, tmp_path, echo=said.append, discovery_service=ServiceOfOnesOwn())
    assert manager.discover_models() is False
    assert said == [
        "Error discovering models for bad: boom",
        "Successfully discovered 1 valid and 1 invalid models for good",
    ]
    assert (manager["good"].valid_models, manager["good"].invalid_models) == ({"yes": "yes"}, ["no"])


def test_methods_may_be_replaced_one_by_one(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # C046
    manager = managing(tmp_path, said, lab=ProviderConfig("lab", "k"))
    monkeypatch.setattr(manager.discovery_service, "discover_models", lambda _config, _force: [{"id": "a"}])
    monkeypatch.setattr(manager.discovery_service, "validate_model", lambda _config, _model: True)
    assert manager.discover_models() is True
    assert manager["lab"].valid_models == {"a": "a"}


def test_a_write_that_fails_is_said_and_raised(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:  # C038, C050
    (tmp_path / "file").write_text("")
    manager = managing(tmp_path / "file" / "below", said, lab=config_of(endpoint))
    with pytest.raises(OSError, match="Not a directory"):
        manager.persist_provider_configs()
    assert said[0].startswith("Error persisting provider configurations to YAML: ")
    manager.persist_provider_configs(tmp_path / "new" / "folder")  # C037, K56: the folder is made
    assert (tmp_path / "new/folder/openaicompat-providers.yaml").exists()


def test_two_managers_do_not_undo_each_others_work(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:
    file = tmp_path / "openaicompat-providers.yaml"
    update_providers(file, {}, {"lab": Entry("Lab", endpoint.url, "sk", {"a": "a"})})
    one, two = (managing(tmp_path, said, lab=config_of(endpoint)) for _ in range(2))
    one["lab"].merge_valid_models(["b"])
    two["lab"].merge_valid_models(["c"])
    one.persist_provider_configs()
    two.persist_provider_configs()
    assert list(read_providers(file)["lab"].valid_models) == ["a", "b", "c"]


def test_many_threads_lose_nothing_and_share_one_provider(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:
    manager = managing(tmp_path, said, lab=config_of(endpoint, valid_models={"ok-1": "one"}))
    together = threading.Barrier(32)

    def work(number: int) -> int:
        together.wait()
        manager[f"p{number}"] = {"base_url": endpoint.url, "valid_models": {f"m{number}": "x"}}
        for _ in range(20):
            manager.merged_models()
            manager.valid_scoped_models()
        manager.persist_provider_configs()
        return id(manager.create("lab/one"))

    with ThreadPoolExecutor(32) as pool:
        assert len(set(pool.map(work, range(32)))) == 1
    assert len(manager) == 33
    assert len(read_providers(tmp_path / "openaicompat-providers.yaml")) == 33


def test_300_models_of_a_failing_endpoint_lose_nothing(
    endpoint: Endpoint, tmp_path: Path, said: list[str]
) -> None:
    kinds = ["ok", "404", "429", "500", "ok"]
    endpoint.models = [f"{kinds[number % 5]}-{number}" for number in range(300)]
    known = {model: f"s{number}" for number, model in enumerate(endpoint.models) if number % 3 == 0}
    manager = managing(tmp_path, said, lab=config_of(endpoint, valid_models=known))
    seen: list[tuple[int, int]] = []
    assert manager.discover_models(on_progress=lambda _p, done, total, _m, _o: seen.append((done, total)))
    report = manager.last_report.providers[0]
    assert seen == [(number, 300) for number in range(1, 301)]
    assert (len(report.invalid), len(report.unknown), report.probes) == (60, 120, 300)
    kept = {model: short for model, short in known.items() if not model.startswith("404")}
    assert kept.items() <= manager["lab"].valid_models.items()
    assert set(manager["lab"].valid_models).isdisjoint(manager["lab"].invalid_models)
    assert len(manager["lab"].valid_models) == 120 + len([m for m in kept if m.startswith(("429", "500"))])
