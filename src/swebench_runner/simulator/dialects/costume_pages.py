"""The pages of compatible servers by which a client finds out what it is talking to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from swebench_runner.simulator.behaviours import BEHAVIOURS
from swebench_runner.simulator.dialects.costumes import COSTUMES, LLAMA_BUILD, CostumeDialect
from swebench_runner.simulator.dialects.ollama_library import REAL_MODELS as OLLAMA_MODELS
from swebench_runner.simulator.dialects.openai_errors import Refusal
from swebench_runner.simulator.models import DEFAULT_CONTEXT_TOKENS
from swebench_runner.simulator.tokens import count_tokens
from swebench_runner.simulator.wire import TEXT_TYPE, Page, Visit

if TYPE_CHECKING:
    from swebench_runner.simulator.dialects.openai_chat_answer import Json

Endpoint: TypeAlias = Callable[[Visit], Page]

CREATED_S = 1_770_000_000
CONTEXT_TOKENS = DEFAULT_CONTEXT_TOKENS
_encode = msgspec.json.encode


def costume_pages(name: str) -> Mapping[tuple[str, str], Endpoint]:
    """The pages of one server, by method and path under its prefix."""
    pages = {("GET", "/v1/models"): _models(name), **_PROBES.get(name, {})}
    return {place: _in_costume(name, page) for place, page in pages.items()}


def stranger(name: str) -> Endpoint:
    """What one server says about a path that it does not have."""
    if name in ("vllm", "fastchat"):
        page = Page(_encode({"detail": "Not Found"}), 404)
    elif name == "llamacpp":
        page = COSTUMES[name].write(Refusal(404, "File Not Found"))
    elif name == "lmstudio":
        # LM Studio answers 200 to whatever it does not know.
        return lambda visit: Page(
            _encode({"error": f"Unexpected endpoint or method. ({visit.method} {visit.path})"})
        )
    else:
        page = Page(b"404 page not found", 404, TEXT_TYPE)
    return _in_costume(name, lambda _visit: page)


def _in_costume(name: str, endpoint: Endpoint) -> Endpoint:
    headers = COSTUMES[name].headers

    def dressed(visit: Visit) -> Page:
        page = endpoint(visit)
        return Page(page.body, page.status, page.content_type, {**page.headers, **headers})

    return dressed


def _models(name: str) -> Endpoint:
    dialect = CostumeDialect(COSTUMES[name])

    def models(visit: Visit) -> Page:
        try:
            dialect.let_in(visit)
        except Refusal as refusal:
            return dialect.page(refusal)
        names = OLLAMA_MODELS if name == "ollama" else ()
        return Page(
            _encode({"object": "list", "data": [_ENTRIES[name](model) for model in (*names, *BEHAVIOURS)]})
        )

    return models


def _entry(model: str, owner: str, **more: object) -> Json:
    return {"id": model, "object": "model", "created": CREATED_S, "owned_by": owner, **more}


def _llama_entry(model: str) -> Json:
    meta = {
        "vocab_type": 2,
        "n_vocab": 128256,
        "n_ctx_train": CONTEXT_TOKENS,
        "n_embd": 4096,
        "n_params": 8030261248,
    }
    return _entry(model, "llamacpp", meta=meta)


_ENTRIES: Mapping[str, Callable[[str], Json]] = {
    "vllm": lambda model: _entry(
        model, "vllm", root=model, parent=None, max_model_len=CONTEXT_TOKENS, permission=[]
    ),
    "llamacpp": _llama_entry,
    "fastchat": lambda model: _entry(model, "fastchat", root=model, parent=None, permission=[]),
    "lmstudio": lambda model: {"id": model, "object": "model", "owned_by": "organization_owner"},
    "ollama": lambda model: _entry(model, "library"),
}


def _constant(value: object) -> Endpoint:
    page = Page(_encode(value))
    return lambda _visit: page


def _vllm_metrics(_visit: Visit) -> Page:
    lines = "# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 0.0\n"
    return Page(lines.encode(), 200, TEXT_TYPE)


def _vllm_tokenize(visit: Visit) -> Page:
    tokens = count_tokens(_text(visit))
    return Page(_encode({"count": tokens, "max_model_len": CONTEXT_TOKENS, "tokens": list(range(tokens))}))


def _fastchat_token_check(visit: Visit) -> Page:
    tokens = count_tokens(_text(visit))
    prompts = [{"fits": tokens <= CONTEXT_TOKENS, "contextLength": CONTEXT_TOKENS, "tokenCount": tokens}]
    return Page(_encode({"prompts": prompts}))


def _text(visit: Visit) -> str:
    try:
        body = msgspec.json.decode(visit.body or b"{}")
    except msgspec.DecodeError:
        return ""
    return msgspec.json.encode(
        body.get("messages") or body.get("prompts") or body.get("prompt") or ""
    ).decode()


def _lmstudio_models(_visit: Visit) -> Page:
    models = [
        {
            "type": "llm",
            "key": name,
            "display_name": name,
            "max_context_length": CONTEXT_TOKENS,
            "loaded_instances": [],
        }
        for name in BEHAVIOURS
    ]
    return Page(_encode({"models": models}))


def _lmstudio_old_models(_visit: Visit) -> Page:
    data = [
        {
            "id": name,
            "object": "model",
            "type": "llm",
            "state": "loaded",
            "max_context_length": CONTEXT_TOKENS,
        }
        for name in BEHAVIOURS
    ]
    return Page(_encode({"object": "list", "data": data}))


_LLAMA_PROPS = {
    "default_generation_settings": {"n_ctx": CONTEXT_TOKENS, "params": {}},
    "total_slots": 4,
    "model_path": "/models/sim-gold.gguf",
    "chat_template": "{{ messages }}",
    "build_info": LLAMA_BUILD,
}
_PROBES: Mapping[str, Mapping[tuple[str, str], Endpoint]] = {
    "vllm": {
        ("GET", "/version"): _constant({"version": "0.11.2"}),
        ("GET", "/health"): lambda _visit: Page(b""),
        ("GET", "/ping"): lambda _visit: Page(b""),
        ("GET", "/metrics"): _vllm_metrics,
        ("POST", "/tokenize"): _vllm_tokenize,
    },
    "llamacpp": {
        ("GET", "/props"): _constant(_LLAMA_PROPS),
        ("GET", "/health"): _constant({"status": "ok"}),
        ("GET", "/v1/health"): _constant({"status": "ok"}),
        ("GET", "/slots"): _constant([{"id": 0, "n_ctx": CONTEXT_TOKENS, "is_processing": False}]),
    },
    "fastchat": {("POST", "/api/v1/token_check"): _fastchat_token_check},
    "lmstudio": {
        ("GET", "/api/v1/models"): _lmstudio_models,
        ("GET", "/api/v0/models"): _lmstudio_old_models,
    },
}
