"""Tool calls out of what servers really send: fragments, shared indexes, missing ids, odd arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from swebench_runner.providers.core.messages import ToolCall

if TYPE_CHECKING:
    from swebench_runner.providers.core.json import JSON

CUT_OFF: Final = "the arguments are cut off"
NOT_AN_OBJECT: Final = "the arguments are not a JSON object"
_PLACEHOLDER: Final = "{}"
_decode = msgspec.json.Decoder().decode


class Arguments(NamedTuple):
    """The arguments of a call: the object, why it could not be read, and the text that it came as."""

    input: Mapping[str, JSON]
    error: str | None = None
    raw: str | None = None


def parse_arguments(value: object) -> Arguments:
    """The arguments of a call from whatever the wire had: text, an object, or nothing.

    Nothing, "" and null are {}: a tool without parameters. Text is read as JSON, twice where it was encoded
    twice, and with raw line breaks inside strings, which models write. What still is no object gives {} and
    the reason in `error`.
    """
    if value is None:
        return Arguments({})
    if isinstance(value, Mapping):
        return Arguments(value)
    if not isinstance(value, str):
        return Arguments({}, NOT_AN_OBJECT, _encoded(value))
    if not value or value.isspace():
        return Arguments({}, None, value)
    try:
        read = _read(value)
        if isinstance(read, str):
            read = _read(read) if read.strip() else None
    except ValueError as exc:
        return Arguments({}, str(exc), value)
    if read is None:
        return Arguments({}, None, value)
    if not isinstance(read, dict):
        return Arguments({}, NOT_AN_OBJECT, value)
    return Arguments(read, None, value)


class PendingCall:
    """A call that may still be arriving.

    Attributes:
        call_id: As on the wire; "" while unknown.
        name: The first name that came; servers repeat it.
        wire_id: A second identifier of the item, where the dialect has one.
        extra: Vendor fields to send back.
        free_text: Whether the arguments are plain text, not JSON (custom tools); they become `{"input": …}`.
    """

    __slots__ = ("_pieces", "_value", "call_id", "extra", "free_text", "name", "wire_id")

    def __init__(self, call_id: str = "", name: str = "", *, wire_id: str | None = None) -> None:
        self.call_id = call_id
        self.name = name
        self.wire_id = wire_id
        self.extra: Mapping[str, JSON] | None = None
        self.free_text = False
        self._pieces: list[str] = []
        self._value: object = None

    @property
    def raw(self) -> str:
        """The text of the arguments so far."""
        return "".join(self._pieces)

    @property
    def complete(self) -> bool:
        """Whether the arguments so far are a whole JSON value, so that nothing can be added to them."""
        if self._value is not None:
            return True
        try:
            _decode(self.raw)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return False
        return True

    def add(self, arguments: object) -> None:
        """Append a fragment; an object, and text after a mere `{}`, replaces what was there."""
        if isinstance(arguments, str):
            if arguments:
                if len(self._pieces) == 1 and self._pieces[0] == _PLACEHOLDER:
                    self._pieces.clear()
                self._pieces.append(arguments)
        elif arguments is not None:
            self._value = arguments

    def replace(self, arguments: object) -> None:
        """Set the whole arguments, where the wire repeats them at the end."""
        self._pieces.clear()
        self._value = None
        self.add(arguments)

    def arguments(self) -> Arguments:
        """The arguments as they stand."""
        if self.free_text:
            return Arguments({"input": self.raw}, None, self.raw)
        return parse_arguments(self.raw if self._value is None else self._value)


class CallCollector:
    """Calls out of fragments that name their call by index, by id, by both or by neither.

    A fragment goes on with the call of its index, or of its id where there is no index. It begins a new call
    when it has a name and another id, another name, or arguments although those of the call are whole.
    A whole call that is repeated (a second finish event) is dropped.
    """

    __slots__ = ("_by_index", "calls")

    def __init__(self) -> None:
        self.calls: list[PendingCall] = []
        self._by_index: dict[int, PendingCall] = {}

    def add(self, index: int | None, call_id: str, name: str, arguments: object) -> PendingCall | None:
        """Take one fragment.

        Args:
            index: The place that the wire gives; None where it gives none.
            call_id: "" where the fragment has none.
            name: "" where the fragment has none.
            arguments: A piece of text, a whole object, or None.

        Returns:
            The call when it is new, else None.
        """
        call = self._find(index, call_id)
        if call is not None and not call_id and not name:
            call.add(arguments)
            return None
        if call is None or _begins(call, call_id, name, arguments):
            call = PendingCall(call_id, name)
            call.add(arguments)
            self.calls.append(call)
            if index is not None:
                self._by_index[index] = call
            return call
        if _repeats(call, call_id, name, arguments):
            return None
        call.call_id = call.call_id or call_id
        call.name = call.name or name
        call.add(arguments)
        return None

    def _find(self, index: int | None, call_id: str) -> PendingCall | None:
        if index is not None:
            return self._by_index.get(index)
        if call_id:
            for call in reversed(self.calls):
                if call.call_id == call_id:
                    return call
        return self.calls[-1] if self.calls else None


def finished_calls(calls: list[PendingCall], seed: str) -> list[ToolCall]:
    """Calls ready to be run, with ids that differ.

    Args:
        calls: In order.
        seed: Something that differs from answer to answer (its id, its time), from which ids are made
            where the wire has none or gives the same one twice. The same answer always gets the same ids.
    """
    used: set[str] = set()
    finished = []
    for position, call in enumerate(calls):
        arguments = call.arguments()
        call_id, wire_id = call.call_id, call.wire_id
        if not call_id or call_id in used:
            wire_id = call_id or wire_id
            call_id = _own_id(seed, position, call)
        used.add(call_id)
        finished.append(
            ToolCall(
                call_id,
                call.name,
                arguments.input,
                wire_id=wire_id,
                error=arguments.error if call.name else "the call names no tool",
                raw_arguments=arguments.raw,
                extra=call.extra,
            )
        )
    return finished


def _begins(call: PendingCall, call_id: str, name: str, arguments: object) -> bool:
    """Whether a fragment for `call`'s place is the start of another call."""
    if not name:
        return False
    if call_id and call.call_id and call_id != call.call_id:
        return True
    if not call.name:
        return False
    if name != call.name:
        return True
    if call.raw == _PLACEHOLDER and call_id:
        return False
    return bool(arguments) and call.complete and not _repeats(call, call_id, name, arguments)


def _repeats(call: PendingCall, call_id: str, name: str, arguments: object) -> bool:
    """Whether a fragment gives a whole call again: a second finish event does."""
    if not call_id or call_id != call.call_id or (name and name != call.name) or not arguments:
        return False
    if isinstance(arguments, str):
        return len(arguments) > 1 and arguments == call.raw and call.complete
    return arguments == call.arguments().input


def _own_id(seed: str, position: int, call: PendingCall) -> str:
    import hashlib  # noqa: PLC0415 - rarely needed; keeps start-up short

    made_of = f"{seed}\0{position}\0{call.name}\0{call.raw}".encode("utf-8", "replace")
    return "call_" + hashlib.blake2b(made_of, digest_size=9).hexdigest()


def _read(text: str) -> object:
    """Decode one value.

    Raises:
        ValueError: Why not, in a sentence.
    """
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as exc:
        if "truncated" in str(exc):
            raise ValueError(CUT_OFF) from exc
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"the arguments are not JSON: {str(exc)[:120]}") from exc


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()
