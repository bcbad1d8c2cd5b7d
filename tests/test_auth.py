from __future__ import annotations

import pickle
from types import MappingProxyType

import pytest

from swebench_runner.providers.auth import ApiKeyAuth, AuthStrategy, BearerTokenAuth, NoAuth
from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.core.secret import Secret

KEY = "sk-test-0123456789"


def test_the_base_class_cannot_be_made() -> None:  # A009
    with pytest.raises(TypeError, match="abstract"):
        AuthStrategy()  # type: ignore[abstract]


@pytest.mark.parametrize("key", [KEY, Secret(KEY)])
def test_a_bearer_token_is_added_in_clear_whether_it_comes_as_text_or_secret(key: str) -> None:  # A010
    assert BearerTokenAuth(key).prepare_headers({"a": "b"}) == {"a": "b", "Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize("key", [KEY, Secret(KEY)])
def test_an_api_key_has_a_header_of_its_own(key: str) -> None:  # A011
    assert ApiKeyAuth(key).prepare_headers({}) == {"x-api-key": KEY}
    assert ApiKeyAuth(key, header="api-key").prepare_headers({}) == {"api-key": KEY}


def test_no_auth_changes_nothing_and_hands_out_a_copy() -> None:  # A012
    headers = {"a": "b"}
    prepared = NoAuth().prepare_headers(headers)
    assert prepared == headers
    assert prepared is not headers


@pytest.mark.parametrize("auth", [BearerTokenAuth(KEY), ApiKeyAuth(KEY), NoAuth()])
def test_the_headers_that_come_in_are_never_changed(auth: AuthStrategy) -> None:  # A009
    headers = MappingProxyType({"Accept": "application/json"})
    assert auth.prepare_headers(headers)["Accept"] == "application/json"
    assert dict(headers) == {"Accept": "application/json"}


@pytest.mark.parametrize("spelling", ["Authorization", "authorization", "AUTHORIZATION"])
def test_a_header_of_the_caller_cannot_replace_the_authentication(spelling: str) -> None:
    prepared = BearerTokenAuth(KEY).prepare_headers({spelling: "Bearer someone-else"})
    assert prepared == {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize("auth", [BearerTokenAuth(KEY), ApiKeyAuth(KEY)])
def test_the_key_shows_nowhere(auth: AuthStrategy) -> None:
    assert KEY not in repr(auth)
    assert KEY not in str(auth)
    assert KEY not in f"{auth.__getattribute__('token' if isinstance(auth, BearerTokenAuth) else 'api_key')}"


@pytest.mark.parametrize("make", [BearerTokenAuth, ApiKeyAuth])
@pytest.mark.parametrize("bad", ["sk-1\n", "sk-1\r\nX-Evil: 1", " sk-1", "sk 1", "sk-ключ", "sk-1\x7f"])
def test_a_key_that_could_smuggle_a_header_is_refused_without_being_shown(
    make: type[AuthStrategy], bad: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(bad)
    assert bad.strip() not in str(caught.value)
    assert "copy the key again" in str(caught.value)


@pytest.mark.parametrize("auth", [BearerTokenAuth(""), ApiKeyAuth("")])
def test_an_empty_key_adds_no_header(auth: AuthStrategy) -> None:
    assert auth.prepare_headers({"a": "b"}) == {"a": "b"}


def test_equal_keys_are_equal_strategies() -> None:
    assert BearerTokenAuth(KEY) == BearerTokenAuth(Secret(KEY))
    assert BearerTokenAuth(KEY) != BearerTokenAuth(KEY + "x")
    assert pickle.loads(pickle.dumps(ApiKeyAuth(KEY))) == ApiKeyAuth(KEY)
