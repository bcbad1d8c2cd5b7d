"""The floor: aiohttp and msgspec and nothing else. No retry, no limiter, no errors, no usage."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp
    import msgspec

IMPORT = "import aiohttp, msgspec"
MESSAGES = [{"role": "user", "content": "Fix the failing test."}]


class Client:
    """One aiohttp session and two typed decoders."""

    session: aiohttp.ClientSession

    async def open(self, base_url: str) -> None:
        import aiohttp
        import msgspec

        self.url = f"{base_url}/v1/chat/completions"
        self.headers = {"Authorization": "Bearer sk-bench", "Content-Type": "application/json"}
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self.encode = msgspec.json.Encoder().encode
        self.whole, self.event = decoders()
        self.body = {"model": "gpt-4o-mini", "messages": MESSAGES, "max_tokens": 100, "temperature": 0.0}

    async def call(self) -> tuple[str, int]:
        data = self.encode(self.body)
        async with self.session.post(self.url, data=data, headers=self.headers) as answer:
            body = self.whole.decode(await answer.read())
        return body.choices[0].message.content, body.usage.total_tokens

    async def stream(self) -> tuple[int, int]:
        events = total = 0
        data = self.encode({**self.body, "stream": True, "stream_options": {"include_usage": True}})
        async with self.session.post(self.url, data=data, headers=self.headers) as answer:
            rest = b""
            async for piece in answer.content.iter_any():
                *complete, rest = (rest + piece).split(b"\n\n")
                for line in complete:
                    if line == b"data: [DONE]":
                        break
                    event = self.event.decode(line[6:])
                    if event.choices:
                        events += bool(event.choices[0].delta.content)
                    elif event.usage:
                        total = event.usage.total_tokens
        return events, total

    async def close(self) -> None:
        await self.session.close()


def decoders() -> tuple[msgspec.json.Decoder, msgspec.json.Decoder]:
    """For a whole answer and for one event of a stream, with the fields that are read."""
    import msgspec

    class Said(msgspec.Struct):
        content: str | None = None

    class Usage(msgspec.Struct):
        total_tokens: int

    whole_choice = msgspec.defstruct("WholeChoice", [("message", Said)])
    whole = msgspec.defstruct("Whole", [("choices", list[whole_choice]), ("usage", Usage)])
    event_choice = msgspec.defstruct("EventChoice", [("delta", Said)])
    event = msgspec.defstruct("Event", [("choices", list[event_choice]), ("usage", Usage | None, None)])
    return msgspec.json.Decoder(whole), msgspec.json.Decoder(event)


def three_providers(_base_url: str) -> list[object]:
    """Nothing to make without an event loop: the imports are the whole of it."""
    return list(decoders())
