"""The shapes that dialects, behaviours and faults share: a request, a page, an error, a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.reply import Reply
    from swebench_runner.simulator.state import State

JSON_TYPE = "application/json"
SSE_TYPE = "text/event-stream"
NDJSON_TYPE = "application/x-ndjson"
HTML_TYPE = "text/html; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"


class Trouble(StrEnum):
    """What can go wrong at a provider, whatever its dialect calls it."""

    CONTEXT = "context"
    POLICY = "policy"
    AUTH = "auth"
    BILLING = "billing"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    REQUEST_TIMEOUT = "request_timeout"
    CONFLICT = "conflict"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    SERVER = "server"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"


STATUS_TROUBLE: Mapping[int, Trouble] = {
    401: Trouble.AUTH,
    402: Trouble.BILLING,
    403: Trouble.FORBIDDEN,
    404: Trouble.NOT_FOUND,
    408: Trouble.REQUEST_TIMEOUT,
    409: Trouble.CONFLICT,
    429: Trouble.RATE_LIMIT,
    500: Trouble.SERVER,
    502: Trouble.BAD_GATEWAY,
    503: Trouble.UNAVAILABLE,
    504: Trouble.TIMEOUT,
    529: Trouble.OVERLOADED,
}


@dataclass(frozen=True, slots=True)
class Page:
    """An ordinary HTTP answer: a status, a body, its type."""

    body: bytes
    status: int = 200
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """A refusal in a provider's own words, ready to be sent."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.status)
        self.page = page


@dataclass(frozen=True, slots=True)
class Visit:
    """One HTTP request with its body, and the simulator it came to.

    Attributes:
        serial: Number of the request since the simulator started; the source of every id.
        headers: Names in any case.
        query: The last value of each parameter.
    """

    state: State
    serial: int
    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    @property
    def bearer(self) -> str:
        """The key of the Authorization header; "" without one."""
        scheme, _, key = self.headers.get("Authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""

    @property
    def created_s(self) -> int:
        """Epoch seconds, as they appear in bodies."""
        return int(self.state.clock.wall_s())


class EventStream(NamedTuple):
    """A streamed answer, cut where a fault may cut it; each part is bytes ready for the socket.

    Attributes:
        head: Events before the first piece of the answer.
        pieces: One event of the answer each (with the opening and closing events around it, if any).
        tail: The events that finish the answer and count its tokens.
        mark: What follows a stream that is already complete (`[DONE]`); empty in most dialects.
    """

    head: bytes
    pieces: Sequence[bytes]
    tail: Sequence[bytes]
    mark: bytes = b""

    def whole(self) -> bytes:
        """The complete stream as one piece of bytes."""
        return b"".join((self.head, *self.pieces, *self.tail, self.mark))


class Asked(Protocol):
    """A request that a dialect has read and found valid; it can now be answered in that dialect."""

    @property
    def prompt(self) -> PromptInfo:
        """What is asked, free of any dialect."""
        ...

    def body(self, reply: Reply) -> bytes:
        """The answer in one piece."""
        ...

    def events(self, reply: Reply) -> EventStream:
        """The same answer as a stream."""
        ...

    def failure(self, page: Page) -> bytes:
        """An error inside a stream that has begun; `page` is what it would be outside of one."""
        ...


class Dialect(Protocol):
    """How one provider is spoken to."""

    @property
    def name(self) -> str:
        """The name in the log of requests."""
        ...

    @property
    def stream_type(self) -> str:
        """The content type of a streamed answer."""
        ...

    @property
    def keepalive(self) -> bytes:
        """What the provider sends to keep a waiting stream open."""
        ...

    def key(self, visit: Visit) -> str:
        """The key that a request carries; "" without one."""
        ...

    def read(self, visit: Visit) -> Asked:
        """A valid request.

        Raises:
            ApiError: The key or the body is refused, in the provider's own words.
        """
        ...

    def trouble(self, trouble: Trouble, visit: Visit, prompt: PromptInfo) -> Page:
        """How the provider says that something is wrong."""
        ...

    def event(self, data: bytes) -> bytes:
        """Bytes framed as an event of an answer, valid or not; for faults."""
        ...

    def headers(self, visit: Visit) -> Mapping[str, str]:
        """What the provider says in the headers of every answer, refusals included."""
        ...
