"""OpenAI's pages beside the models: the list of models, and what it says about paths it does not have."""

from __future__ import annotations

import msgspec

from swebench_runner.simulator.behaviours import BEHAVIOURS
from swebench_runner.simulator.dialects.openai_errors import Refusal, check_key, openai_page, unknown_model
from swebench_runner.simulator.models import model_card
from swebench_runner.simulator.wire import Page, Visit

REAL_MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-5", "gpt-5-mini", "o3", "o4-mini")
CREATED_S = 1_770_000_000
ASKING_PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/responses/input_tokens")


def models(visit: Visit) -> Page:
    """GET /v1/models."""
    refused = _closed_door(visit)
    if refused is not None:
        return refused
    data = [_entry(name) for name in (*REAL_MODELS, *BEHAVIOURS)]
    return Page(msgspec.json.encode({"object": "list", "data": data}))


def model(visit: Visit) -> Page:
    """GET /v1/models/{model}."""
    refused = _closed_door(visit)
    if refused is not None:
        return refused
    name = visit.path.removeprefix("/v1/models/")
    card = model_card(name, "openai")
    if not card.known:
        return openai_page(unknown_model(name, card.hint))
    return Page(msgspec.json.encode(_entry(name)))


def stranger(visit: Visit) -> Page:
    """A path or a method that does not exist."""
    if visit.path in ASKING_PATHS:
        message = f"Not allowed to {visit.method} on {visit.path}."
        message += " (HINT: Perhaps you meant to use a different HTTP method?)"
        return openai_page(Refusal(405, message, code="method_not_supported"))
    return openai_page(Refusal(404, f"Invalid URL ({visit.method} {visit.path})"))


def _closed_door(visit: Visit) -> Page | None:
    try:
        check_key(visit.state, visit.bearer)
    except Refusal as refusal:
        return openai_page(refusal)
    return None


def _entry(name: str) -> dict[str, str | int]:
    owner = "simulator" if name in BEHAVIOURS else "system"
    return {"id": name, "object": "model", "created": CREATED_S, "owned_by": owner}
