"""Plan C's manager: a mapping of endpoints, its models, and providers made of it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from swebench_runner.providers import (
    ConfigurationError,
    ModelDiscoveryService,
    ProviderConfig,
    ProviderManager,
    UnknownModelError,
    split_first_slash,
)
from swebench_runner.providers.settings.documents import set_value
from swebench_runner.providers.settings.paths import places
from swebench_runner.providers.settings.provider_file import Entry, update_providers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def manager() -> ProviderManager:
    return ProviderManager(
        {
            "openai": ProviderConfig(
                name="OpenAI",
                base_api_url="https://api.openai.com/v1",
                api_key="sk-test",
                valid_models={"gpt-4o-2024-08-06": "4o", "gpt-4o-mini-2024-07-18": "4o-mini"},
                invalid_models=["text-davinci-003"],
            ),
            "deepseek": {
                "name": "DeepSeek",
                "base_api_url": "https://api.deepseek.com/v1",
                "api_key": "ds",
                "valid_models": {"deepseek-chat": "chat", "Qwen/QwQ-32B": "qwq"},
            },
        }
    )


def test_the_third_example_of_the_design_runs_as_written() -> None:
    providers = {"openai": ProviderConfig("openai", valid_models={"gpt-4o": "4o"})}
    code = (
        "from swebench_runner.providers import ProviderManager, ProviderConfig, ModelDiscoveryService\n"
        'config, model = ProviderManager(providers).get_api_for_model_string("openai/gpt-4o")\n'
    )
    names: dict[str, Any] = {"providers": providers}
    exec(code, names)
    assert (names["config"], names["model"]) == (providers["openai"], "gpt-4o")


# -- a mapping ------------------------------------------------------------------------------------


def test_configurations_and_raw_mappings_are_taken(manager: ProviderManager) -> None:  # C001, K48
    assert isinstance(manager.discovery_service, ModelDiscoveryService)
    assert set(manager.providers) == {"openai", "deepseek"}
    assert all(isinstance(config, ProviderConfig) for config in manager.providers.values())
    assert manager["deepseek"].name == "DeepSeek"
    assert manager["deepseek"].base_url == manager["deepseek"].base_api_url == "https://api.deepseek.com/v1"


def test_it_reads_like_a_dict(manager: ProviderManager) -> None:  # C003, C004, C005, C006, C009, K66
    assert manager.get("openai") is manager["openai"]
    assert manager.get("none") is None
    default = ProviderConfig("x")
    assert manager.get("none", default) is default
    with pytest.raises(KeyError):
        manager["none"]
    assert ("openai" in manager, "none" in manager) == (True, False)
    assert manager.keys() == ["openai", "deepseek"]
    assert manager.values() == [manager["openai"], manager["deepseek"]]
    assert manager.items() == [("openai", manager["openai"]), ("deepseek", manager["deepseek"])]
    assert list(manager) == ["openai", "deepseek"]
    assert len(manager) == 2
    assert dict(manager) == manager.providers
    assert repr(manager) == "<ProviderManager openai, deepseek>"


def test_names_and_configurations(manager: ProviderManager) -> None:  # C007, C008, K49
    assert manager.get_provider_config("openai") is manager["openai"]
    assert manager.get_provider_config("none") is None
    assert manager.get_all_provider_names() == ["openai", "deepseek"]
    manager["new"] = {"base_url": "http://h/v1"}
    assert manager["new"].name == "new"
    del manager["new"]
    assert "new" not in manager


def test_it_is_made_before_what_holds_it(manager: ProviderManager) -> None:  # C002, C040, C042, C044
    pydantic = pytest.importorskip("pydantic", reason="pydantic is not installed")

    class ConfigModel(pydantic.BaseModel):  # type: ignore[name-defined, misc]
        providers: ProviderManager

    ConfigModel.model_rebuild(_types_namespace={"ProviderManager": ProviderManager})
    config = ConfigModel(providers=manager)
    assert config.providers is manager
    dumped = config.model_dump()["providers"]["openai"]
    assert list(dumped) == ["name", "base_api_url", "api_key", "valid_models", "invalid_models"]  # C035
    assert "sk-test" not in config.model_dump_json()
    with pytest.raises(pydantic.ValidationError):
        ConfigModel(providers={"a": 1})


@pytest.mark.parametrize("first", ["manager", "discovery", "registry", "core.config", "settings.loader"])
def test_no_order_of_imports_is_circular(first: str) -> None:  # C002
    code = f"import swebench_runner.providers.{first}; from swebench_runner.providers import ProviderManager"
    subprocess.run([sys.executable, "-c", code], check=True)


# -- models ---------------------------------------------------------------------------------------


def test_models_of_all_providers(manager: ProviderManager) -> None:  # C010, C011, C017
    manager["empty"] = ProviderConfig("empty")
    manager["empty"].valid_models = None  # type: ignore[assignment]  # K55: as old code left it
    manager["list"] = ProviderConfig("list")
    manager["list"].valid_models = ["x"]  # type: ignore[assignment]
    assert manager.merged_models() == [
        ("openai", ("gpt-4o-2024-08-06", "4o")),
        ("openai", ("gpt-4o-mini-2024-07-18", "4o-mini")),
        ("deepseek", ("deepseek-chat", "chat")),
        ("deepseek", ("Qwen/QwQ-32B", "qwq")),
    ]
    assert manager.valid_scoped_models()[0] == "openai/gpt-4o-2024-08-06 (4o)"
    assert manager.get_available_models() == [long for _, (long, _) in manager.merged_models()]
    assert manager.get_available_models("deepseek") == ["deepseek-chat", "Qwen/QwQ-32B"]
    assert manager.get_available_models("none") == []
    assert manager.find_model("4o")
    manager["openai"].merge_valid_models(["new"])
    assert "openai/new (new)" in manager.valid_scoped_models()  # K68: computed, never stale


@pytest.mark.parametrize(
    ("text", "provider", "model", "long"),
    [
        ("openai/gpt-4o-2024-08-06", "openai", "gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("openai/4o", "openai", "4o", "gpt-4o-2024-08-06"),  # K50: as typed
        ("OpenAI/4o", "openai", "4o", "gpt-4o-2024-08-06"),  # K54
        ("4o", "openai", "gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("chat", "deepseek", "deepseek-chat", "deepseek-chat"),
        ("deepseek-chat", "deepseek", "deepseek-chat", "deepseek-chat"),
        ("Qwen/QwQ-32B", "deepseek", "Qwen/QwQ-32B", "Qwen/QwQ-32B"),  # K51
        ("deepseek/Qwen/QwQ-32B", "deepseek", "Qwen/QwQ-32B", "Qwen/QwQ-32B"),
        ("elsewhere/4o", "openai", "gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("openai/gpt-4o-2024-08-06 (4o)", "openai", "gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),  # K70
        ("deepseek/Qwen/QwQ-32B (qwq)", "deepseek", "Qwen/QwQ-32B", "Qwen/QwQ-32B"),
    ],
)
def test_what_people_type_is_resolved(
    manager: ProviderManager, text: str, provider: str, model: str, long: str
) -> None:  # C012, C015
    assert manager.get_api_for_model_string(text) == (manager[provider], model)
    assert manager.resolve_model(text) == (manager[provider], long)
    assert manager.validate_model(text) == long


def test_keys_in_other_letters_are_found(manager: ProviderManager) -> None:  # K54
    other = ProviderManager({"OpenAI": manager["openai"]})
    assert other.validate_model("openai/4o") == "gpt-4o-2024-08-06"


def test_a_provider_that_has_the_model_goes_before_one_whose_model_is_called_so() -> None:
    providers = {
        "openrouter": {"valid_models": {"openai/gpt-4o": "4o"}},
        "openai": {"valid_models": {"gpt-4o": "4o"}},
    }
    manager = ProviderManager(providers)
    assert manager.resolve_model("openai/gpt-4o") == (manager["openai"], "gpt-4o")
    del manager["openai"].valid_models["gpt-4o"]
    assert manager.resolve_model("openai/gpt-4o") == (manager["openrouter"], "openai/gpt-4o")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("openai/nope", "Invalid model for provider openai: nope"),
        ("OPENAI/nope", "Invalid model for provider openai: nope"),
        ("openai/4O", "Invalid model for provider openai: 4O"),
        ("nope", "Invalid model: nope"),
        ("other/nope", "Invalid model: nope"),
        ("openai/", "Invalid model: openai"),
        ("", "Invalid model: "),
        ("openai/nope (x)", "Invalid model for provider openai: nope"),
    ],
)
def test_the_words_of_refusal_are_the_plans(
    manager: ProviderManager, text: str, message: str
) -> None:  # C013, C014, C049, C050
    for ask in (manager.get_api_for_model_string, manager.resolve_model, manager.validate_model):
        with pytest.raises(ValueError) as caught:
            ask(text)
        assert str(caught.value) == message


def test_near_names_are_an_attribute(manager: ProviderManager) -> None:  # K52
    with pytest.raises(UnknownModelError) as caught:
        manager.validate_model("openai/gpt-4o")
    assert caught.value.suggestions[0] == "gpt-4o-2024-08-06"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a/b/c", ("a", "b/c")),
        ("openai/gpt-4o", ("openai", "gpt-4o")),
        ("gpt-4o", ("", "gpt-4o")),
        ("openai/", ("", "openai")),  # K53
        ("", ("", "")),
        ("/x", ("", "x")),
    ],
)
def test_the_first_slash_splits(text: str, parts: tuple[str, str]) -> None:  # C016
    assert split_first_slash(text) == ProviderManager.split_first_slash(text) == parts


def test_short_names_are_the_long_ones_or_by_a_rule() -> None:  # C018, C052
    assert ProviderManager.get_short_name("gpt-4o-2024-08-06") == "gpt-4o-2024-08-06"
    config = ProviderConfig("x", valid_models={"a-long": "mine"})
    config.merge_valid_models(["a-long", "b-long"], lambda long: long[0])
    assert config.valid_models == {"a-long": "mine", "b-long": "b"}


def test_a_part_of_a_name_finds_a_model_of_each_provider(manager: ProviderManager) -> None:  # C019, C036
    openai = manager["openai"]
    assert openai.find_model("GPT-4O-2024-08-06") == "gpt-4o-2024-08-06"  # an equal long name
    assert openai.find_model("4O-Mini") == "gpt-4o-mini-2024-07-18"  # an equal short one
    assert openai.find_model("mini-2024") == "gpt-4o-mini-2024-07-18"  # a part of a long one
    assert manager["deepseek"].find_model("wq") == "Qwen/QwQ-32B"
    short = ProviderConfig("x", valid_models={"long-1": "4o", "my-4o": "x", "z": "xx4oxx"})
    assert short.find_model("4o") == "long-1"
    assert short.find_model("oxx") == "z"  # a part of a short one
    assert openai.find_model("nope") is None
    assert manager.find_model("2024") == [(openai, "gpt-4o-2024-08-06")]
    assert manager.find_model("a") == [(manager["deepseek"], "deepseek-chat")]


def test_a_configuration_has_the_plans_fields() -> None:  # C033, C035, C036, K47, K67
    config = ProviderConfig(name="Test Provider", base_api_url="https://test.openai.com/v1", api_key="k")
    assert (config.valid_models, config.invalid_models) == ({}, [])
    assert ProviderConfig("x", valid_models=None, invalid_models=None).valid_models == {}  # K55
    assert config.cache_duration == ModelDiscoveryService().cache_duration == 300
    assert (config._cached_models, config._cache_timestamp) == ([], None)
    assert ProviderConfig("x", endpoint="http://h", timeout=5) == ProviderConfig(
        "x", base_url="http://h", timeout_s=5
    )
    config.invalid_models.append("x")
    config.get_invalid_models().append("y")
    assert config.get_invalid_models() == ["x"]
    config.base_api_url = "https://other/v1"
    assert config.endpoint == "https://other/v1"
    assert "Secret" not in str(config.model_dump())


def test_the_signature_of_discovery_is_the_plans() -> None:  # C020
    parameters = list(inspect.signature(ProviderManager.discover_models).parameters.values())[1:4]
    assert [(one.name, one.default) for one in parameters] == [
        ("force_refresh", False), ("persist_on_success", True), ("provider", None),
    ]  # fmt: skip


# -- live providers ---------------------------------------------------------------------------------


def test_a_model_string_gives_a_live_provider(manager: ProviderManager) -> None:
    provider = manager.create("openai/4o")
    assert (provider.name, provider.model, provider.config.key) == ("openai", "gpt-4o-2024-08-06", "sk-test")
    assert manager.create("4o") is provider
    assert manager.create("4o", temperature=0.1) is not provider
    endpoint = manager.create("qwq")
    assert (endpoint.name, endpoint.base_url) == ("deepseek", "https://api.deepseek.com/v1")  # type: ignore[attr-defined]
    manager.clear_cache()
    assert manager.create("4o") is not provider
    with pytest.raises(ValueError, match="Invalid model: nope"):
        manager.create("nope")


def test_where_no_model_is_known_the_name_is_taken_as_it_stands() -> None:
    manager = ProviderManager({"openai": ProviderConfig("openai", "k"), "lab": {"api_key": "k"}})
    assert manager.create("openai/gpt-99").model == "gpt-99"
    with pytest.raises(ConfigurationError, match="no address for 'lab'"):
        manager.create("lab/m")


def test_without_arguments_it_has_what_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:  # C041, C043, A087
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    where = places()
    entry = Entry("OpenAI", "https://api.openai.com/v1", "from-yaml", {"gpt-4o": "4o"}, ("x",))
    update_providers(
        where.providers, {}, {"openai": entry, "hyperbolic": Entry("H", "https://h/v1", "k", {"m": "m"})}
    )
    set_value(where.user, ("providers", "openai", "temperature"), 0.3)
    manager = ProviderManager()
    assert manager.keys() == ["openai", "hyperbolic"]
    config, model = manager.resolve_model("openai/4o")
    assert (config.key, config.temperature, model) == ("from-environment", 0.3, "gpt-4o")
    assert manager.create("m").name == "hyperbolic"
    manager["openai"].merge_valid_models(["o3"])
    manager.persist_provider_configs()
    text = where.providers.read_text()
    assert "from-yaml" in text  # K57: what stood there stays
    assert "from-environment" not in text
    assert "o3: o3" in text
    assert "name: OpenAI" in text


def test_a_key_from_the_environment_is_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # K57
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-secret")
    monkeypatch.setenv("OPENROUTER_BASE_URL", "http://localhost:1/v1")
    manager = ProviderManager(None, tmp_path)
    manager["openrouter"].merge_valid_models(["openai/gpt-4o"])
    manager.persist_provider_configs()
    text = (tmp_path / "openaicompat-providers.yaml").read_text()
    assert "sk-or-secret" not in text
    assert "localhost" not in text
    assert 'api_key: ""' in text
    assert "base_api_url: https://openrouter.ai/api/v1" in text
