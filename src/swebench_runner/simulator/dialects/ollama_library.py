"""The models on an Ollama server: listed, shown, pulled, deleted, loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from swebench_runner.simulator.behaviours import BEHAVIOURS
from swebench_runner.simulator.dialects.ollama import NO_TOOLS, THINKS, installed_model, let_in
from swebench_runner.simulator.dialects.ollama_errors import error_page, refuse, reject
from swebench_runner.simulator.dialects.ollama_types import ModelRequest
from swebench_runner.simulator.ledger import digest
from swebench_runner.simulator.models import model_card
from swebench_runner.simulator.reading import Complaint, read
from swebench_runner.simulator.wire import NDJSON_TYPE, TEXT_TYPE, Page, Visit

if TYPE_CHECKING:
    from swebench_runner.simulator.dialects.openai_chat_answer import Json

VERSION = "0.12.6"
REAL_MODELS = ("llama3", "llama3.2", "qwen3", "qwen2.5-coder", "gpt-oss:20b", "gemma3")
MODEL_BYTES = 4_661_224_676
STRANGER = Page(b"404 page not found", 404, TEXT_TYPE)
_TIME = "2026-11-01T08:00:00.000000000Z"
_DECODER = msgspec.json.Decoder(ModelRequest)
_encode = msgspec.json.encode


def root(_visit: Visit) -> Page:
    """GET and HEAD /."""
    return Page(b"Ollama is running", 200, TEXT_TYPE)


def version(_visit: Visit) -> Page:
    """GET /api/version."""
    return Page(_encode({"version": VERSION}))


def tags(visit: Visit) -> Page:
    """GET /api/tags."""
    let_in(visit)
    names = [name for name in (*REAL_MODELS, *BEHAVIOURS) if name not in visit.state.removed]
    return Page(_encode({"models": [_entry(name) for name in names]}))


def running(visit: Visit) -> Page:
    """GET /api/ps: the models that were asked last."""
    let_in(visit)
    models = [
        {**_entry(name), "expires_at": _TIME, "size_vram": MODEL_BYTES, "context_length": window}
        for name, window in visit.state.loaded.items()
    ]
    return Page(_encode({"models": models}))


def show(visit: Visit) -> Page:
    """POST /api/show."""
    name = _name(visit)
    card = installed_model(visit, name)
    window = int(card.number("ctx")) or card.family.context_tokens
    body = {
        "license": "MIT",
        "modelfile": f"FROM {name}\n",
        "parameters": 'stop                           "<|eot_id|>"',
        "template": "{{ .Prompt }}",
        "details": _details(),
        "model_info": {
            "general.architecture": "llama",
            "general.parameter_count": 8_030_261_248,
            "llama.context_length": window,
            "llama.embedding_length": 4096,
        },
        "capabilities": _capabilities(name),
        "modified_at": _TIME,
    }
    return Page(_encode(body))


def pull(visit: Visit) -> Page:
    """POST /api/pull: a stream of progress, or its last line."""
    let_in(visit)
    request = _read(visit)
    name = request.model or request.name
    if not model_card(name, "ollama").known:
        page = error_page("pull model manifest: file does not exist", 500)
        return page if request.stream is False else Page(page.body + b"\n", 200, NDJSON_TYPE)
    visit.state.removed.discard(name.removesuffix(":latest"))
    blob = f"sha256:{digest(name) * 4}"
    lines: list[Json] = [{"status": "pulling manifest"}]
    for part in range(4):
        completed = MODEL_BYTES * part // 3
        lines.append(
            {"status": f"pulling {blob[7:19]}", "digest": blob, "total": MODEL_BYTES, "completed": completed}
        )
    lines += [{"status": status} for status in ("verifying sha256 digest", "writing manifest", "success")]
    if request.stream is False:
        return Page(_encode(lines[-1]))
    return Page(b"".join(_encode(line) + b"\n" for line in lines), 200, NDJSON_TYPE)


def delete(visit: Visit) -> Page:
    """DELETE /api/delete."""
    name = _name(visit)
    installed_model(visit, name)
    visit.state.removed.add(name.removesuffix(":latest"))
    return Page(b"", 200, TEXT_TYPE)


def stranger(visit: Visit) -> Page:
    """A path or a method that does not exist."""
    if visit.path in ("/api/chat", "/api/generate", "/api/show", "/api/tags"):
        return Page(b"405 method not allowed", 405, TEXT_TYPE)
    return STRANGER


def _read(visit: Visit) -> ModelRequest:
    if not visit.body:
        refuse("missing request body")
    try:
        return read(_DECODER, visit.body)
    except Complaint as complaint:
        reject(complaint, "ShowRequest")


def _name(visit: Visit) -> str:
    let_in(visit)
    request = _read(visit)
    return request.model or request.name


def _entry(name: str) -> Json:
    tagged = name if ":" in name else f"{name}:latest"
    return {
        "name": tagged,
        "model": tagged,
        "modified_at": _TIME,
        "size": MODEL_BYTES,
        "digest": digest(name) * 4,
        "details": _details(),
        "capabilities": _capabilities(name),
    }


def _details() -> Json:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "8.0B",
        "quantization_level": "Q4_K_M",
    }


def _capabilities(name: str) -> list[str]:
    more = ["tools"] if not NO_TOOLS.match(name) else []
    return ["completion", *more, *(["thinking"] if THINKS.match(name) else [])]
