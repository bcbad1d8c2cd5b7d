"""Compatible servers: the same dialect, other habits. A costume more is a row more.

Sources: vLLM main, llama.cpp as vendored in llama_cpp_python 0.3.36, FastChat 0.2.36, Ollama of 2026-08-21;
LM Studio from hearsay. The rows follow the table of compatible servers in the wire notes of 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from swebench_runner.simulator.dialects.openai_chat import ChatDialect
from swebench_runner.simulator.dialects.openai_chat_answer import DONE, Accent, ChatAsked, Json
from swebench_runner.simulator.dialects.openai_completions import CompletionDialect
from swebench_runner.simulator.wire import Page, Trouble, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from swebench_runner.simulator.dialects.openai_chat_types import ChatRequest
    from swebench_runner.simulator.dialects.openai_errors import Refusal
    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.reply import Reply, Usage
    from swebench_runner.simulator.wire import EventStream

LLAMA_BUILD = "b6500-1d8d85c4"


@dataclass(frozen=True, slots=True)
class Costume:
    """One compatible server.

    Attributes:
        accent: How its completions differ.
        write: A refusal in its form.
        asked: What its answers are made by.
        headers: What it puts into the headers of everything.
    """

    accent: Accent
    write: Callable[[Refusal], Page]
    asked: type[ChatAsked] = ChatAsked
    headers: Mapping[str, str] = field(default_factory=dict)


def write_vllm(refusal: Refusal) -> Page:
    """The type is a class name, the code a number; a wrong key gets a word."""
    if refusal.status == 401:
        return _page({"error": "Unauthorized"}, 401)
    kinds = {
        400: "BadRequestError",
        404: "NotFoundError",
        500: "InternalServerError",
        503: "ServiceUnavailableError",
    }
    message, param = refusal.message, refusal.param
    if refusal.prompt is not None and refusal.trouble is Trouble.CONTEXT:
        window, tokens = refusal.prompt.overflow
        param = "input_tokens"
        message = (
            f"This model's maximum context length is {window} tokens. However, your request has {tokens}"
            " input tokens. Please reduce the length of the input messages. (parameter=input_tokens,"
            f" value={tokens})"
        )
    elif refusal.status == 404:
        param, message = "model", message.replace(" or you do not have access to it", "")
    kind = kinds.get(refusal.status, "APIError")
    error = {"message": message, "type": kind, "param": param, "code": refusal.status}
    return _page({"error": error}, refusal.status)


def write_llamacpp(refusal: Refusal) -> Page:
    """The code is a number, and a prompt that is too long comes with its figures."""
    kinds = {
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        501: "not_supported_error",
        503: "unavailable_error",
    }
    error: Json = {"code": refusal.status, "message": refusal.message}
    error["type"] = kinds.get(
        refusal.status, "invalid_request_error" if refusal.status < 500 else "server_error"
    )
    if refusal.status == 401:
        error["message"] = "Invalid API Key"
    if refusal.prompt is not None and refusal.trouble is Trouble.CONTEXT:
        window, tokens = refusal.prompt.overflow
        text = f"request ({tokens} tokens) exceeds the available context size ({window} tokens)"
        text += ", try increasing it"
        error |= {
            "message": text,
            "type": "exceed_context_size_error",
            "n_prompt_tokens": tokens,
            "n_ctx": window,
        }
    return _page({"error": error}, refusal.status)


def write_fastchat(refusal: Refusal) -> Page:
    """Flat, with codes of its own, and always a 400."""
    if refusal.status == 401:
        error = {"message": "", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}
        return _page({"detail": {"error": error}}, 401)
    message, code = refusal.message, 40001
    if refusal.prompt is not None and refusal.trouble is Trouble.CONTEXT:
        window, tokens = refusal.prompt.overflow
        code = 40303
        message = (
            f"This model's maximum context length is {window} tokens. However, you requested {tokens}"
            f" tokens ({tokens} in the messages, 0 in the completion). Please reduce the length of the"
            " messages or completion."
        )
    elif refusal.status == 404:
        code, message = 40301, "Only sim-gold&&sim-mixed allowed now, your model is not among them"
    elif refusal.status == 429:
        code = 42902 if refusal.trouble is Trouble.QUOTA else 42901
    elif refusal.status >= 500:
        code, message = (
            50002,
            "**NETWORK ERROR DUE TO HIGH TRAFFIC. PLEASE REGENERATE OR REFRESH THIS PAGE.**",
        )
    return _page({"object": "error", "message": message, "code": code}, 400)


def write_lmstudio(refusal: Refusal) -> Page:
    """An object for bad requests, a mere string where the engine gave up."""
    if refusal.prompt is not None and refusal.trouble is Trouble.CONTEXT:
        window, tokens = refusal.prompt.overflow
        text = (
            f"Trying to keep the first {tokens} tokens when context the overflows. However, the model is"
            f" loaded with context length of only {window} tokens, which is not enough."
        )
        return _page({"error": text}, 400)
    error = {"message": refusal.message, "type": refusal.kind, "param": refusal.param, "code": refusal.code}
    return _page({"error": error}, refusal.status)


def write_ollama(refusal: Refusal) -> Page:
    """OpenAI's keys, without a code."""
    kinds = {400: "invalid_request_error", 404: "not_found_error"}
    message = refusal.message
    if refusal.status == 401:
        message = "Unauthorized"
    elif refusal.prompt is not None and refusal.trouble is Trouble.CONTEXT:
        window, tokens = refusal.prompt.overflow
        message = f"prompt too long; exceeded max context length by {tokens - window} tokens"
    elif refusal.status == 404:
        message = f"model '{message.split('`')[1]}' not found" if "`" in message else message
    error = {"message": message, "type": kinds.get(refusal.status, "api_error"), "param": None, "code": None}
    return _page({"error": error}, refusal.status)


class VllmAsked(ChatAsked):
    """A completion of vLLM's: an error in a stream is followed by `[DONE]`."""

    def whole_choice(self, reply: Reply, index: int) -> Json:
        """A choice with the stop string that was met."""
        return {
            **super().whole_choice(reply, index),
            "stop_reason": reply.stopped_by or None,
            "token_ids": None,
        }

    def finish(self, reply: Reply) -> str:
        """In a stream, calls make the finish "tool_calls" even when they were cut."""
        return "tool_calls" if reply.calls and self.prompt.stream else super().finish(reply)

    def failure(self, page: Page) -> bytes:
        """The error, then `[DONE]`."""
        return super().failure(page) + DONE


class LlamaAsked(ChatAsked):
    """A completion of llama.cpp's: the last chunk says how long everything took."""

    def events(self, reply: Reply) -> EventStream:
        """The chunks, with timings beside the usage."""
        events = super().events(reply)
        if reply.usage is None or not self.sends_usage:
            return events
        last = events.tail[-1].removesuffix(b"}\n\n") + b',"timings":' + _timings(reply.usage) + b"}\n\n"
        return events._replace(tail=[*events.tail[:-1], last])


class FastChatAsked(ChatAsked):
    """A completion of FastChat's: an error in a stream is a text with a number."""

    def failure(self, page: Page) -> bytes:
        """The error, then `[DONE]`."""
        error = msgspec.json.decode(page.body)
        body = {"text": error["message"], "error_code": error["code"]}
        return b"data: " + msgspec.json.encode(body) + b"\n\n" + DONE


class OllamaV1Asked(ChatAsked):
    """A completion of Ollama's compatible layer: ids that collide."""

    def make_id(self) -> str:
        """One of a thousand ids."""
        return f"{self.accent.id_prefix}{self.visit.serial * 373 % 1000}"


class CostumeDialect(ChatDialect):
    """Chat completions in a costume."""

    def __init__(self, costume: Costume) -> None:
        super().__init__(costume.accent)
        self._costume = costume

    def page(self, refusal: Refusal) -> Page:
        """A refusal as this server writes it."""
        page = self._costume.write(refusal)
        return Page(page.body, page.status, page.content_type, self._costume.headers)

    def asked(self, visit: Visit, request: ChatRequest, prompt: PromptInfo) -> ChatAsked:
        """The request in a form that can be answered."""
        return self._costume.asked(self.accent, visit, request, prompt)

    def headers(self, visit: Visit) -> Mapping[str, str]:
        """The server's name, where it says it."""
        del visit
        return self._costume.headers


class CostumeCompletionDialect(CompletionDialect):
    """Legacy completions in a costume."""

    def __init__(self, costume: Costume) -> None:
        super().__init__(costume.accent)
        self._costume = costume

    def page(self, refusal: Refusal) -> Page:
        """A refusal as this server writes it."""
        return self._costume.write(refusal)

    def headers(self, visit: Visit) -> Mapping[str, str]:
        """The server's name, where it says it."""
        del visit
        return self._costume.headers


COSTUMES: Mapping[str, Costume] = {
    "vllm": Costume(
        Accent(
            name="vllm",
            provider="",
            strict=False,
            needs_key=False,
            thinking_field="reasoning",
            message_extra={"refusal": None, "annotations": None, "audio": None, "function_call": None},
        ),
        write_vllm,
        VllmAsked,
        {"Server": "uvicorn"},
    ),
    "llamacpp": Costume(
        Accent(
            name="llamacpp",
            provider="",
            strict=False,
            needs_key=False,
            thinking_field="reasoning_content",
            id_length=32,
            extra={"system_fingerprint": LLAMA_BUILD},
        ),
        write_llamacpp,
        LlamaAsked,
        {"Server": "llama.cpp"},
    ),
    "fastchat": Costume(
        Accent(name="fastchat", provider="", strict=False, needs_key=False, usage="never", id_length=22),
        write_fastchat,
        FastChatAsked,
        {"Server": "uvicorn"},
    ),
    "lmstudio": Costume(
        Accent(
            name="lmstudio",
            provider="",
            strict=False,
            needs_key=False,
            thinking_field="reasoning_content",
            extra={"system_fingerprint": "sim-gold"},
        ),
        write_lmstudio,
        headers={"X-Powered-By": "Express"},
    ),
    "ollama": Costume(
        Accent(
            name="ollama-v1",
            provider="ollama",
            strict=False,
            needs_key=False,
            thinking_field="reasoning",
            whole_calls=True,
            role_alone=False,
            extra={"system_fingerprint": "fp_ollama"},
        ),
        write_ollama,
        OllamaV1Asked,
    ),
}


def _timings(usage: Usage) -> bytes:
    figures = {
        "cache_n": usage.cache.read,
        "prompt_n": usage.fresh,
        "prompt_ms": usage.prompt * 1.5,
        "predicted_n": usage.completion,
        "predicted_ms": usage.completion * 20.0,
    }
    return msgspec.json.encode(figures)


def _page(body: Json, status: int) -> Page:
    return Page(msgspec.json.encode(body), status)
