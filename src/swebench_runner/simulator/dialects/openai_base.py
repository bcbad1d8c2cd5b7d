"""What all of OpenAI's APIs share: the door, the headers, the way to say no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.simulator.dialects.openai_errors import (
    Refusal,
    check_key,
    openai_page,
    trouble_refusal,
    wrong_key,
)
from swebench_runner.simulator.ids import make_id
from swebench_runner.simulator.wire import SSE_TYPE, Page, Trouble, Visit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.simulator.dialects.openai_chat_answer import Accent
    from swebench_runner.simulator.prompt import PromptInfo

# Prompts of this size are cached without being asked, under their `prompt_cache_key`.
CACHED_FROM_TOKENS = 1024
_HEADERS = {
    "openai-version": "2020-10-01",
    "openai-organization": "org-simulator",
    "openai-processing-ms": "12",
    "x-ratelimit-limit-requests": "30000",
    "x-ratelimit-limit-tokens": "150000000",
    "x-ratelimit-remaining-requests": "29999",
    "x-ratelimit-remaining-tokens": "149999979",
    "x-ratelimit-reset-requests": "2ms",
    "x-ratelimit-reset-tokens": "0s",
}


class OpenAIDialect:
    """An API of OpenAI's, with the accent of one server."""

    def __init__(self, accent: Accent) -> None:
        self.accent = accent

    @property
    def name(self) -> str:
        """The name in the log."""
        return self.accent.name

    @property
    def stream_type(self) -> str:
        """Server-sent events."""
        return SSE_TYPE

    @property
    def keepalive(self) -> bytes:
        """A comment, which means nothing."""
        return b": keep-alive\n\n"

    def key(self, visit: Visit) -> str:
        """The bearer token."""
        return visit.bearer

    def let_in(self, visit: Visit) -> None:
        """Check the key.

        Raises:
            Refusal: 401.
        """
        if self.accent.needs_key or visit.state.has_keys:
            check_key(visit.state, visit.bearer)
        elif visit.bearer and not visit.state.accepts_key(visit.bearer):
            raise wrong_key(visit.bearer)

    def context(self, prompt: PromptInfo) -> Refusal:
        """What a prompt that is too long gets."""
        return trouble_refusal(Trouble.CONTEXT, prompt)

    def page(self, refusal: Refusal) -> Page:
        """A refusal as this server writes it."""
        return openai_page(refusal)

    def trouble(self, trouble: Trouble, visit: Visit, prompt: PromptInfo) -> Page:
        """A trouble as this server writes it."""
        del visit
        if trouble is Trouble.CONTEXT:
            return self.page(self.context(prompt))
        refusal = trouble_refusal(trouble, prompt)
        refusal.trouble, refusal.prompt = trouble, prompt
        return self.page(refusal)

    def event(self, data: bytes) -> bytes:
        """An event without a name."""
        return b"data: " + data + b"\n\n"

    def headers(self, visit: Visit) -> Mapping[str, str]:
        """Request id, version, and limits that are far away."""
        return {"x-request-id": make_id("req_", visit.serial, 32), **_HEADERS}
