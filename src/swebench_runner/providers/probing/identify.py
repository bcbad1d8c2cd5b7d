"""Which software answers at an address, and what it says about itself.

What the pages of each server look like: sources of vLLM, llama.cpp and FastChat 0.2.36, documents of Ollama
and LM Studio (2026-11). The cheap pages come first, and without the key, which no page needs that is not
refused without it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from swebench_runner.providers.bridge import get_bridge
from swebench_runner.providers.core.clock import SystemClock
from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.probing.pages import Door, Page
from swebench_runner.providers.probing.profile import CapabilityProfile
from swebench_runner.providers.probing.trials import try_out
from swebench_runner.providers.settings.urls import openai_style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.providers.core.protocols import Transport
    from swebench_runner.providers.probing.profile import ServerKind

_OWNERS: Final[Mapping[str, ServerKind]] = {
    "vllm": "vllm",
    "llamacpp": "llamacpp",
    "fastchat": "fastchat",
    "library": "ollama",
    "organization_owner": "lmstudio",
}
# Where reasoning stands as long as no answer has shown it.
_REASONING: Final[Mapping[str, str]] = {
    "vllm": "reasoning",
    "llamacpp": "reasoning_content",
    "lmstudio": "reasoning_content",
    "ollama": "thinking",
}


@dataclass(frozen=True, slots=True)
class Pages:
    """What the server said, page by page."""

    root: str
    ollama: Page
    version: Page
    props: Page
    models: Page
    lmstudio: Page
    lmstudio_old: Page
    models_url: str

    @property
    def reachable(self) -> bool:
        """Whether there was any answer."""
        return any(page.status for page in (self.models, self.ollama, self.version, self.props))


async def identify(
    url: str,
    *,
    key: str = "",
    model: str | None = None,
    trials: bool = True,
    transport: Transport | None = None,
    timeout_s: float = 5.0,
    clock: Clock | None = None,
) -> CapabilityProfile:
    """What the server at an address is and can do. A server that is down is a profile that says so.

    Args:
        url: With or without a scheme, `/v1`, or the path of an endpoint.
        key: Sent only after the server refused a call without one, and for the trials.
        model: To try out; the first one that the server lists when None.
        trials: Also ask the model, four times and briefly; an endpoint that is paid for charges a few tokens.
        transport: Another way to the network.
        timeout_s: Ceiling of one page, in seconds; a trial may take twelve times as long (a model is loaded).
        clock: For latencies.

    Raises:
        ConfigurationError: The address is none.
    """
    from swebench_runner.providers.transport.http import HttpTransport  # noqa: PLC0415 - brings the HTTP library

    root, base = _addresses(url)
    own = transport is None
    network = transport or HttpTransport()
    try:
        door = Door(network, key=key, timeout_s=timeout_s)
        return await _identify(door, root, base, model=model, trials=trials, clock=clock or SystemClock())
    finally:
        if own:
            await network.aclose()


def identify_sync(url: str, **options: Any) -> CapabilityProfile:  # noqa: ANN401 - as `identify`
    """`identify` for code that cannot await."""
    return get_bridge().run(identify(url, **options))


async def _identify(
    door: Door, root: str, base: str, *, model: str | None, trials: bool, clock: Clock
) -> CapabilityProfile:
    started_s = clock.now_s()
    first = await door.get(f"{base}/models")
    latency_ms = round((clock.now_s() - started_s) * 1000.0, 1)
    probed_at = datetime.now(UTC).isoformat(timespec="seconds")
    if not first.status:
        note = f"nothing answers: {first.failure}"
        return CapabilityProfile(base_url=base, reachable=False, probed_at=probed_at, notes=(note,))
    pages = await _pages(door, root, base, first)
    kind = _kind(pages)
    profile = CapabilityProfile(
        base_url=root if kind == "ollama" and pages.ollama.ok else pages.models_url.removesuffix("/models"),
        kind=kind,
        version=_version(kind, pages),
        needs_key=_needs_key(pages),
        reasoning_field=_REASONING.get(kind),
        latency_ms=latency_ms,
        probed_at=probed_at,
    )
    if kind == "ollama" and pages.ollama.ok:
        return await _with_ollama_models(door, profile, root, model)
    profile, pages = await _with_key(door, profile, pages)
    profile = await _with_models(door, profile, pages, model)
    if kind == "unknown":
        return replace(
            profile, notes=(*profile.notes, "no list of models: it does not speak OpenAI's dialect")
        )
    return await try_out(door, profile) if trials else profile


async def _pages(door: Door, root: str, base: str, models: Page) -> Pages:
    """All pages by which servers can be told apart, asked at once."""
    models_url = f"{base}/models"
    paths = ("/api/version", "/version", "/props", "/api/v1/models", "/api/v0/models")
    found = await asyncio.gather(*(door.get(root + path) for path in paths))
    if not models.entries("data") and not models.refused and base != f"{root}/v1":
        other = await door.get(f"{root}/v1/models")
        if other.entries("data") or other.refused:
            models, models_url = other, f"{root}/v1/models"
    ollama, version, props, lmstudio, lmstudio_old = found
    return Pages(root, ollama, version, props, models, lmstudio, lmstudio_old, models_url)


def _kind(pages: Pages) -> ServerKind:
    """The software; a page of its own says more than the name in a list."""
    if pages.ollama.ok and isinstance(pages.ollama.json.get("version"), str):
        return "ollama"
    owners = {str(entry.get("owned_by", "")).lower() for entry in pages.models.entries("data")}
    named = next((_OWNERS[owner] for owner in sorted(owners) if owner in _OWNERS), None)
    has_version = pages.version.ok and isinstance(pages.version.json.get("version"), str)
    if has_version and (named == "vllm" or not owners):
        return "vllm"
    if "build_info" in pages.props.json or _says_llama(pages):
        return "llamacpp"
    if named is not None:
        return named
    newer = any("key" in entry for entry in pages.lmstudio.entries("models"))
    if newer or any("state" in entry for entry in pages.lmstudio_old.entries("data")):
        return "lmstudio"
    return "openai_compatible" if "data" in pages.models.json or pages.models.refused else "unknown"


def _says_llama(pages: Pages) -> bool:
    return any(page.headers.get("server") == "llama.cpp" for page in (pages.props, pages.models))


def _version(kind: ServerKind, pages: Pages) -> str | None:
    page, name = {
        "ollama": (pages.ollama, "version"),
        "vllm": (pages.version, "version"),
        "llamacpp": (pages.props, "build_info"),
    }.get(kind, (Page(), ""))
    found = page.json.get(name)
    return found if isinstance(found, str) else None


def _needs_key(pages: Pages) -> bool | None:
    """Whether a page was refused; an open list says little, since some servers guard only what costs."""
    if pages.models.refused or pages.props.refused:
        return True
    return None if not pages.models.ok else False


async def _with_key(door: Door, profile: CapabilityProfile, pages: Pages) -> tuple[CapabilityProfile, Pages]:
    """Ask again with the key what was refused without it."""
    if not profile.needs_key:
        return profile, pages
    if not door.key:
        return replace(profile, notes=(*profile.notes, "it wants a key; give one to learn more")), pages
    models = await door.get(pages.models_url, with_key=True)
    props = await door.get(f"{pages.root}/props", with_key=True) if pages.props.refused else pages.props
    if models.refused or props.refused:
        return replace(profile, key_accepted=False, notes=(*profile.notes, "it refuses this key")), pages
    pages = replace(pages, models=models, props=props)
    kind = _kind(pages)
    return replace(profile, key_accepted=True, kind=kind, reasoning_field=_REASONING.get(kind)), pages


async def _with_models(
    door: Door, profile: CapabilityProfile, pages: Pages, model: str | None
) -> CapabilityProfile:
    """The models, the one to try, and how much fits into it."""
    entries = {str(entry.get("id")): entry for entry in pages.models.entries("data")}
    chosen = model or _first_for_chat(list(entries))
    window = None
    if chosen is not None:
        window = await _window(
            door, profile, pages, chosen, entries.get(chosen) or next(iter(entries.values()), {})
        )
    caps = pages.props.json.get("chat_template_caps")
    if isinstance(caps, dict):
        tools, parallel = caps.get("supports_tool_calls"), caps.get("supports_parallel_tool_calls")
        profile = replace(profile, tools=_flag(tools), parallel_tools=_flag(parallel))
    return replace(profile, models=tuple(entries), model=chosen, context_window=window)


async def _with_ollama_models(
    door: Door, profile: CapabilityProfile, root: str, model: str | None
) -> CapabilityProfile:
    """Ollama says of each model what it understands; nothing needs to be tried, and nothing is loaded."""
    tags = await door.get(f"{root}/api/tags")
    wants_key = tags.refused
    if wants_key and door.key:
        tags = await door.get(f"{root}/api/tags", with_key=True)
    accepted = not tags.refused if wants_key and door.key else None
    profile = replace(profile, needs_key=wants_key, key_accepted=accepted)
    if tags.refused:
        return replace(profile, notes=("it wants a key" if accepted is None else "it refuses this key",))
    names = tuple(str(entry.get("name")) for entry in tags.entries("models"))
    chosen = model or _first_for_chat(list(names))
    profile = replace(
        profile, models=names, model=chosen, streamed_usage=True, json_schema=True, terminator="strict"
    )
    if chosen is None:
        return replace(profile, notes=(*profile.notes, "no model is installed: `ollama pull MODEL`"))
    shown = await door.post(f"{root}/api/show", {"model": chosen})
    info = shown.json.get("model_info")
    able = shown.json.get("capabilities")
    window = (
        info.get(f"{info.get('general.architecture')}.context_length") if isinstance(info, dict) else None
    )
    if not isinstance(able, list):
        return replace(profile, context_window=_count(window))
    return replace(
        profile,
        context_window=_count(window),
        tools="tools" in able,
        reasoning_field="thinking" if "thinking" in able else None,
    )


async def _window(
    door: Door, profile: CapabilityProfile, pages: Pages, model: str, entry: Mapping[str, Any]
) -> int | None:
    """Tokens that fit: as the model is loaded where the server says so, else as it was trained."""
    if profile.kind == "llamacpp":
        settings = pages.props.json.get("default_generation_settings")
        loaded = settings.get("n_ctx") if isinstance(settings, dict) else None
        meta = entry.get("meta")
        return _count(loaded) or _count(meta.get("n_ctx_train") if isinstance(meta, dict) else None)
    if profile.kind == "fastchat":
        prompt = {"model": model, "prompt": "hi", "max_tokens": 0}
        checked = await door.post(f"{pages.root}/api/v1/token_check", {"prompts": [prompt]})
        return next((_count(one.get("contextLength")) for one in checked.entries("prompts")), None)
    if profile.kind == "lmstudio":
        known = {str(one.get("key")): one for one in pages.lmstudio.entries("models")}
        known |= {str(one.get("id")): one for one in pages.lmstudio_old.entries("data")}
        found = known.get(model, {})
        return _count(found.get("loaded_context_length")) or _count(found.get("max_context_length"))
    names = ("max_model_len", "context_length", "context_window", "max_context_length")
    return next((size for name in names if (size := _count(entry.get(name)))), None)


def _first_for_chat(names: list[str]) -> str | None:
    """The first model that is not one for embeddings, speech or pictures."""
    other = ("embed", "whisper", "tts", "rerank", "bge-", "moderation", "guard", "image", "dall-e")
    return next((name for name in names if not any(word in name.lower() for word in other)), None)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _addresses(url: str) -> tuple[str, str]:
    """The server's own address, and the one that OpenAI's paths are appended to.

    Raises:
        ConfigurationError: It is no address of HTTP.
    """
    text = url.strip()
    base = openai_style(text if "://" in text else f"http://{text}")
    parts = urlsplit(base)
    try:
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(f"{url!r} is no address", hint="give one like http://localhost:8000/v1")
    if parts.username or parts.password or parts.query:
        base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return base.removesuffix("/v1"), base
