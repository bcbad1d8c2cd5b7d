"""The vendors' official SDKs, called against a loopback address."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oracles.cases import Case

KEY = "sk-oracle-0123456789"


class Sdks:
    """The clients, made when they are first wanted and closed together.

    Args:
        url: Address of the server that stands for every vendor.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients: dict[Any, Any] = {}
        self._open = ExitStack()

    def call(self, dialect: str, case: Case) -> Any:
        """What the SDK returns: a response, or the list of what a stream gave."""
        method = getattr(self, f"_{dialect}")(case)
        answer = method(**case.sdk)
        return list(answer) if case.sdk.get("stream") else answer

    def close(self) -> None:
        """Close every connection."""
        self._open.close()

    def _openai(self, case: Case) -> Any:
        import openai

        settings = (case.config.get("organization"), case.config.get("project"))
        if ("openai", settings) not in self._clients:
            client = openai.OpenAI(
                api_key=KEY,
                base_url=f"{self._url}/v1",
                organization=settings[0],
                project=settings[1],
                max_retries=0,
            )
            self._clients["openai", settings] = self._open.enter_context(client)
        return self._clients["openai", settings]

    def _openai_chat(self, case: Case) -> Any:
        return self._openai(case).chat.completions.create

    def _openai_responses(self, case: Case) -> Any:
        return self._openai(case).responses.create

    def _anthropic_messages(self, case: Case) -> Any:
        import anthropic

        if "anthropic" not in self._clients:
            client = anthropic.Anthropic(api_key=KEY, base_url=self._url, max_retries=0)
            self._clients["anthropic"] = self._open.enter_context(client)
        messages = self._clients["anthropic"].messages
        return messages.count_tokens if case.method == "count_tokens" else messages.create

    def _ollama(self, case: Case) -> Any:
        import ollama

        if "ollama" not in self._clients:
            client = ollama.Client(host=self._url)
            self._open.callback(client._client.close)
            self._clients["ollama"] = client
        return getattr(self._clients["ollama"], case.method)
