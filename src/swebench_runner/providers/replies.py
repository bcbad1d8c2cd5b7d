"""What an HTTP reply turned out to be: a JSON object, or the error that it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from swebench_runner.providers.core.errors import (
    CircuitBreakerError,
    ProviderError,
    ResponseFormatError,
    UnsupportedParameterError,
)
from swebench_runner.providers.transforms.errors import classify_error
from swebench_runner.providers.transforms.errors_headers import request_id

if TYPE_CHECKING:
    from swebench_runner.providers.core.protocols import HttpResponse, HttpStream, ProviderSpec, Target

_decode_json: Final = msgspec.json.Decoder().decode


def document(spec: ProviderSpec, target: Target, reply: HttpResponse) -> dict[str, Any]:
    """The body of a successful reply as an object.

    Raises:
        ProviderError: The status is an error, or the body is empty, a web page, cut off, or no object.
    """
    if not 200 <= reply.status < 300:
        raise refusal(spec, target, reply)
    if not reply.body.strip():
        raise ResponseFormatError("the answer is empty", status_code=reply.status)
    try:
        body = _decode_json(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refusal(spec, target, reply) from error
    if type(body) is not dict:
        raise refusal(spec, target, reply)
    return body


def refusal(spec: ProviderSpec, target: Target, reply: HttpResponse) -> ProviderError:
    """The error that a reply means, whatever its status says."""
    error = (spec.classify or classify_error)(reply.status, reply.headers, reply.body, target)
    error.request_id = error.request_id or request_id(reply.headers)
    if isinstance(error, UnsupportedParameterError) and error.parameter:
        error.hint = f"leave {error.parameter!r} out: {target.model} does not take it"
    return named(spec, target, error)


def named(spec: ProviderSpec, target: Target, error: ProviderError) -> ProviderError:
    """The same error, saying who was asked and what this provider's users should do."""
    error.provider = error.provider or target.provider
    error.model = error.model or target.model or None
    cause = error.cause_type if isinstance(error, CircuitBreakerError) else None
    error.hint = spec.hints.get(cause or error.error_type, error.hint)
    return error


def is_document(reply: HttpStream) -> bool:
    """Whether the body is one document (an error, JSON, a web page) although a stream was asked for."""
    if not 200 <= reply.status < 300 or reply.status == 204:
        return True
    return reply.headers.get("content-type", "").startswith(("application/json", "text/html"))
