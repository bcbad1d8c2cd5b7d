"""What the simulator was asked and what became of it, so that a test can prove what was paid."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import blake2b, sha256
from threading import Lock
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.providers.core.json import JSON

Outcome = Literal["open", "finished", "refused", "broken", "aborted"]


@dataclass(slots=True)
class Record:
    """One request. It changes while it is answered, and not after.

    Attributes:
        serial: Its number since the simulator started.
        method: HTTP method.
        path: Path without query.
        started_s: Seconds of the simulator's clock.
        asks: Whether it asked a model for an answer (and not for a list, a count, a page).
        dialect: In which it was asked; "" for what belongs to none.
        model: The model named; None where none was.
        key: The key, masked; "" without one.
        instance: The registered key text that the prompt is about; None if it is about none.
        prompt_digest: Of the text of the prompt; "" before it is read.
        body_digest: Of the bytes of the request.
        stream: Whether a stream was asked for.
        status: HTTP status of the answer; None while there is none.
        outcome: "finished" is a complete answer, "refused" an HTTP error, "broken" a fault that was
            asked for, "aborted" a client that went away, "open" still going on.
        finished_s: When it ended; None while it goes on.
    """

    serial: int
    method: str
    path: str
    started_s: float
    asks: bool = False
    dialect: str = ""
    model: str | None = None
    key: str = ""
    instance: str | None = None
    prompt_digest: str = ""
    body_digest: str = ""
    stream: bool = False
    status: int | None = None
    outcome: Outcome = "open"
    finished_s: float | None = None


@lru_cache(maxsize=1024)
def masked(key: str) -> str:
    """A key that can be told from others and not be used: its first letters and a digest."""
    shown = key[:3] if len(key) > 8 else ""
    return f"{shown}…{sha256(key.encode('utf-8', 'replace')).hexdigest()[:10]}" if key else ""


def digest(data: bytes | str) -> str:
    """Sixteen hexadecimal digits that stand for a text."""
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=8).hexdigest()


class Ledger:
    """The log of requests. Its numbers are exact for ever; the records themselves are the newest `keep`.

    Safe to read from another thread than the server's.
    """

    def __init__(self, clock: Clock, *, keep: int = 100_000) -> None:
        self._clock = clock
        self._lock = Lock()
        self._serial = 0
        self._records: deque[Record] = deque(maxlen=keep)
        self._open: dict[int, Record] = {}
        self._settled: Counter[tuple[str, bool, str | None, str, int | None]] = Counter()
        self._answered: Counter[str] = Counter()
        self._in_flight = 0
        self._max_in_flight = 0

    def begin(self, method: str, path: str, body: bytes) -> Record:
        """A new record, open until `settle`."""
        with self._lock:
            self._serial += 1
            record = Record(self._serial, method, path, self._clock.now_s(), body_digest=digest(body))
            self._records.append(record)
            self._open[record.serial] = record
        return record

    def asks(self, record: Record) -> None:
        """Note that a record asks a model, which makes it count as in flight."""
        with self._lock:
            record.asks = True
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)

    def settle(self, record: Record, outcome: Outcome, status: int | None) -> None:
        """Close a record. The first outcome stays, except that a finished answer may yet be aborted."""
        with self._lock:
            if record.outcome == "finished" and outcome == "aborted":
                self._book(record, -1)
            elif record.outcome != "open":
                return
            elif record.asks:
                self._in_flight -= 1
            self._open.pop(record.serial, None)
            record.outcome, record.status, record.finished_s = outcome, status, self._clock.now_s()
            self._book(record, 1)

    def records(self) -> tuple[Record, ...]:
        """The newest records, oldest first."""
        with self._lock:
            return tuple(self._records)

    def count(
        self,
        *,
        model: str | None = None,
        key: str | None = None,
        status: int | None = None,
        path: str | None = None,
    ) -> int:
        """How many requests match everything given.

        Args:
            model: As it was named.
            key: As it was sent, or masked.
            status: HTTP status; requests still open or without one have none.
            path: Without it only requests that asked a model for an answer are counted.
        """
        keys = None if key is None else {key, masked(key)}

        def matches(of: tuple[str, bool, str | None, str, int | None]) -> bool:
            at, asks, name, masked_key, code = of
            return (
                (asks if path is None else at == path)
                and (model is None or name == model)
                and (keys is None or masked_key in keys)
                and (status is None or code == status)
            )

        with self._lock:
            settled = sum(number for of, number in self._settled.items() if matches(of))
            return settled + sum(matches(_what(record)) for record in self._open.values())

    def answered(self, key_text: str) -> int:
        """How often the answer to one prompt was delivered whole.

        Args:
            key_text: The registered key text of the prompt; for other prompts their whole text.
        """
        with self._lock:
            return self._answered[key_text] or self._answered[digest(key_text)]

    @property
    def in_flight(self) -> int:
        """Requests to models that have no complete answer yet."""
        return self._in_flight

    @property
    def max_in_flight(self) -> int:
        """The most there ever were at once."""
        return self._max_in_flight

    def summary(self) -> dict[str, JSON]:
        """All numbers as JSON: by model, status, key and outcome of the kept records, answers by prompt."""
        with self._lock:
            asked = [record for record in self._records if record.asks]
            return {
                "total": sum(number for of, number in self._settled.items() if of[1]) + self._in_flight,
                "in_flight": self._in_flight,
                "max_in_flight": self._max_in_flight,
                "by_model": dict(Counter(str(record.model) for record in asked)),
                "by_status": dict(Counter(str(record.status) for record in asked)),
                "by_key": dict(Counter(record.key for record in asked)),
                "by_outcome": dict(Counter(record.outcome for record in asked)),
                "answered": dict(self._answered),
            }

    def clear(self) -> None:
        """Forget everything that is settled."""
        with self._lock:
            self._records = deque(self._open.values(), maxlen=self._records.maxlen)
            self._settled.clear()
            self._answered.clear()
            self._max_in_flight = self._in_flight

    def _book(self, record: Record, number: int) -> None:
        self._settled[_what(record)] += number
        if record.asks and record.outcome == "finished":
            self._answered[record.instance or record.prompt_digest] += number


def _what(record: Record) -> tuple[str, bool, str | None, str, int | None]:
    return (record.path, record.asks, record.model, record.key, record.status)


def as_json(record: Record) -> dict[str, JSON]:
    """A record as JSON, with the names of its attributes."""
    return asdict(record)
