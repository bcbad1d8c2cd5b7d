"""The names of the first plan, with the behaviour that it promised. # A014-A026, K02-K05, K10-K13"""

from __future__ import annotations

import pytest

from swebench_runner.providers.core.errors import ProviderError
from swebench_runner.providers.core.request import UnifiedRequest
from swebench_runner.providers.core.response import UnifiedResponse
from swebench_runner.providers.streaming.adapters import SSEAdapter
from swebench_runner.providers.transforms.plan_classes import (
    AnthropicRequestTransformer,
    AnthropicResponseParser,
    OllamaRequestTransformer,
    OllamaResponseParser,
    OpenAIRequestTransformer,
    OpenAIResponseParser,
    RequestTransformer,
    ResponseParser,
    TransformPipeline,
)

REQUEST = UnifiedRequest("Hi", "Be brief", model="m-1", stop_sequences=["END"])
BARE = UnifiedRequest("Hi")


@pytest.mark.parametrize("cls", [RequestTransformer, ResponseParser])
def test_the_base_classes_are_abstract(cls: type) -> None:  # A014, A015
    with pytest.raises(TypeError):
        cls()


@pytest.mark.parametrize(
    "transformer", [OpenAIRequestTransformer(), AnthropicRequestTransformer(), OllamaRequestTransformer()]
)
def test_a_request_is_not_changed_and_every_body_is_a_dict(
    transformer: RequestTransformer,
) -> None:  # A008, A014
    before = repr(REQUEST)
    assert isinstance(transformer.transform(REQUEST), dict)
    assert repr(REQUEST) == before


def test_openai_bodies() -> None:  # A019, A020
    body = OpenAIRequestTransformer().transform(REQUEST)
    assert body == {
        "model": "m-1",
        "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}],
        "temperature": 0.7,
        "stream": False,
        "stop": ["END"],
    }
    bare = OpenAIRequestTransformer().transform(BARE)
    assert set(bare) == {"model", "messages", "temperature", "stream"}
    assert (
        OpenAIRequestTransformer("gpt-4o").transform(UnifiedRequest("Hi", max_tokens=5, stream=True))[
            "max_tokens"
        ]
        == 5
    )
    assert bare["model"] == "gpt-4"


def test_anthropic_bodies() -> None:  # A022
    body = AnthropicRequestTransformer().transform(REQUEST)
    assert (body["model"], body["system"], body["stop_sequences"], body["max_tokens"]) == (
        "m-1",
        "Be brief",
        ["END"],
        4000,
    )
    assert body["messages"] == [{"role": "user", "content": "Hi"}]
    assert AnthropicRequestTransformer().transform(UnifiedRequest("Hi", max_tokens=5))["max_tokens"] == 5


def test_ollama_bodies() -> None:  # A024, K13
    body = OllamaRequestTransformer().transform(
        UnifiedRequest("Hi", "s", max_tokens=5, model="m-1", stop_sequences=["END"])
    )
    assert (body["model"], body["prompt"], body["system"], body["stream"]) == ("m-1", "Hi", "s", False)
    assert body["options"] == {"temperature": 0.7, "num_ctx": 4096, "num_predict": 5, "stop": ["END"]}
    assert OllamaRequestTransformer().transform(BARE)["options"] == {"temperature": 0.7, "num_ctx": 4096}


def test_openai_answers() -> None:  # A021, A026, K03
    raw = {
        "model": "gpt-4",
        "choices": [{"message": {"content": "Hello"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    answer = OpenAIResponseParser().parse(raw)
    assert (answer.content, answer.model, answer.finish_reason, answer.provider) == (
        "Hello",
        "gpt-4",
        "length",
        "openai",
    )
    assert (answer.usage.total_tokens, answer.raw_response, answer.latency_ms) == (3, raw, 0)
    minimal = OpenAIResponseParser().parse({"choices": [{"message": {"content": "x"}}]})
    assert (minimal.content, minimal.model, minimal.finish_reason) == ("x", "", "stop")


def test_anthropic_answers() -> None:  # A023, K11
    raw: dict[str, object] = {
        "model": "claude",
        "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    answer = AnthropicResponseParser().parse(raw)
    assert (answer.content, answer.finish_reason, answer.provider, answer.usage.total_tokens) == (
        "Hello",
        "end_turn",
        "anthropic",
        3,
    )
    assert AnthropicResponseParser().parse({"content": []}).content == ""


def test_ollama_answers() -> None:  # A025, K02
    raw = {"model": "m", "response": "Hello", "done": True, "done_reason": "stop", "prompt_eval_count": 1, "eval_count": 2,
           "total_duration": 1_500_000_000}  # fmt: skip
    answer = OllamaResponseParser().parse(raw)
    assert (answer.content, answer.finish_reason, answer.usage.total_tokens, answer.latency_ms) == (
        "Hello",
        "stop",
        3,
        1500.0,
    )
    assert OllamaResponseParser().parse(raw, latency_ms=7).latency_ms == 7
    assert OllamaResponseParser().parse({"response": "x", "done": True}).content == "x"


def test_what_the_body_leaves_open_comes_from_the_call() -> None:  # K03, K04
    answer = OpenAIResponseParser().parse({"choices": [{"message": {"content": "x"}}]}, REQUEST, 12.5)
    assert (answer.model, answer.latency_ms) == ("m-1", 12.5)


def test_an_error_under_a_success_status_is_raised() -> None:
    with pytest.raises(ProviderError):
        OpenAIResponseParser().parse({"error": {"message": "m"}})


async def test_a_pipeline_joins_transformer_parser_and_adapter() -> None:  # A016-A018, K05
    pipeline = TransformPipeline(OpenAIRequestTransformer(), OpenAIResponseParser())
    assert pipeline.process_request(REQUEST) == OpenAIRequestTransformer().transform(REQUEST)
    answer = pipeline.process_response({"choices": [{"message": {"content": "x"}}]})
    assert isinstance(answer, UnifiedResponse)
    with pytest.raises(ValueError, match="adapter"):
        pipeline.process_stream([])
    streaming = TransformPipeline(OpenAIRequestTransformer(), OpenAIResponseParser(), SSEAdapter())
    wire = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n'
    assert [text async for text in streaming.process_stream([wire])] == ["Hi"]


class Shout(RequestTransformer):
    def transform(self, request: UnifiedRequest) -> dict[str, object]:
        return {"text": str(request.prompt).upper()}


def test_others_can_bring_their_own_transformer() -> None:
    assert TransformPipeline(Shout(), OpenAIResponseParser()).process_request(BARE) == {"text": "HI"}
