"""Which path belongs to whom: models that answer, pages that list and count, errors for the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from swebench_runner.simulator import control
from swebench_runner.simulator.dialects import ollama_library, openai_pages, openrouter_pages
from swebench_runner.simulator.dialects.anthropic import MessagesDialect
from swebench_runner.simulator.dialects.costume_pages import costume_pages, stranger
from swebench_runner.simulator.dialects.costumes import COSTUMES, CostumeCompletionDialect, CostumeDialect
from swebench_runner.simulator.dialects.ollama import GenerateDialect, OllamaDialect
from swebench_runner.simulator.dialects.openai_chat import ChatDialect
from swebench_runner.simulator.dialects.openai_completions import CompletionDialect
from swebench_runner.simulator.dialects.openai_responses import ResponsesDialect
from swebench_runner.simulator.dialects.openrouter import OpenRouterDialect
from swebench_runner.simulator.wire import Dialect, Page, Visit

Endpoint: TypeAlias = Callable[[Visit], Page]

OPENROUTER_PREFIXES = ("/openrouter/api/v1", "/api/v1")


@dataclass(frozen=True, slots=True)
class Routes:
    """Where requests go.

    Attributes:
        talks: Paths at which a model is asked (by POST), and the dialect spoken there.
        pages: Other exact paths, by method and path.
        folders: By method and prefix, for paths with a name in them; the first match wins.
        strangers: By prefix, who says that a path does not exist; the first match wins, "" is the last.
    """

    talks: Mapping[str, Dialect]
    pages: Mapping[tuple[str, str], Endpoint]
    folders: tuple[tuple[str, str, Endpoint], ...]
    strangers: tuple[tuple[str, Endpoint], ...]

    def page(self, method: str, path: str) -> Endpoint:
        """The page for a path, if only one that says there is none."""
        found = self.pages.get((method, path))
        if found is not None:
            return found
        for verb, prefix, endpoint in self.folders:
            if verb == method and path.startswith(prefix):
                return endpoint
        return next(endpoint for prefix, endpoint in self.strangers if path.startswith(prefix))


def make_routes() -> Routes:
    """All paths of the simulator."""
    responses, messages = ResponsesDialect(), MessagesDialect()
    talks: dict[str, Dialect] = {
        "/v1/chat/completions": ChatDialect(),
        "/v1/completions": CompletionDialect(),
        "/v1/responses": responses,
        "/v1/messages": messages,
        "/api/chat": OllamaDialect(),
        "/api/generate": GenerateDialect(),
        **{f"{prefix}/chat/completions": OpenRouterDialect() for prefix in OPENROUTER_PREFIXES},
    }
    pages: dict[tuple[str, str], Endpoint] = {
        ("POST", "/v1/responses/input_tokens"): responses.count,
        ("POST", "/v1/messages/count_tokens"): messages.count,
        ("GET", "/v1/models"): lambda visit: _chosen(visit, messages.models, openai_pages.models),
        **_OLLAMA_PAGES,
        **_CONTROL_PAGES,
    }
    for prefix in OPENROUTER_PREFIXES:
        pages["GET", f"{prefix}/models"] = openrouter_pages.models
        pages["GET", f"{prefix}/key"] = openrouter_pages.key
        pages["GET", f"{prefix}/generation"] = openrouter_pages.generation
    for name, costume in COSTUMES.items():
        talks[f"/{name}/v1/chat/completions"] = CostumeDialect(costume)
        talks[f"/{name}/v1/completions"] = CostumeCompletionDialect(costume)
        pages |= {(method, f"/{name}{path}"): page for (method, path), page in costume_pages(name).items()}
    folders = (("GET", "/v1/models/", lambda visit: _chosen(visit, messages.model, openai_pages.model)),)
    strangers = (
        *((f"/{name}/", stranger(name)) for name in COSTUMES),
        ("/openrouter/", openrouter_pages.stranger),
        ("/api/v1/", openrouter_pages.stranger),
        ("/api/", ollama_library.stranger),
        ("/v1/messages", messages.stranger),
        ("/v1/", openai_pages.stranger),
        ("", ollama_library.stranger),
    )
    return Routes(talks, pages, folders, strangers)


def _chosen(visit: Visit, anthropic: Endpoint, openai: Endpoint) -> Page:
    """Two providers have a list of models at the same path; one of them always sends its version."""
    return anthropic(visit) if "anthropic-version" in visit.headers else openai(visit)


_OLLAMA_PAGES: Mapping[tuple[str, str], Endpoint] = {
    ("GET", "/"): ollama_library.root,
    ("HEAD", "/"): ollama_library.root,
    ("GET", "/api/version"): ollama_library.version,
    ("HEAD", "/api/version"): ollama_library.version,
    ("GET", "/api/tags"): ollama_library.tags,
    ("HEAD", "/api/tags"): ollama_library.tags,
    ("GET", "/api/ps"): ollama_library.running,
    ("POST", "/api/show"): ollama_library.show,
    ("POST", "/api/pull"): ollama_library.pull,
    ("DELETE", "/api/delete"): ollama_library.delete,
}
_CONTROL_PAGES: Mapping[tuple[str, str], Endpoint] = {
    ("GET", "/__sim/requests"): control.requests,
    ("GET", "/__sim/counts"): control.counts,
    ("POST", "/__sim/reset"): control.reset,
    ("GET", "/__sim/behaviours"): control.behaviours,
    ("GET", "/__sim/elsewhere"): control.elsewhere,
    ("POST", "/__sim/elsewhere"): control.elsewhere,
}
