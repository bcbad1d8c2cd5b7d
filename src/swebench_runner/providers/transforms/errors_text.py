"""What the words of an error say, for providers that say it in words only."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MESSAGE_CHARS: Final = 500
_READ_CHARS: Final = 4000

# Every repetition below is bounded and no two neighbours can match the same text, so that a hostile
# body costs no more than a friendly one.
_KEYS = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|nvapi|pplx|r8|key|tok|or)[-_][\w*.-]{6,200}|\bAIza[\w-]{10,80}")
_BEARER = re.compile(r"\b(bearer)\s{1,3}[\w.~+/=*-]{6,2000}", re.IGNORECASE)
_PROVIDED = re.compile(r"\b(key (?:provided|supplied|given): {0,2})[^\s'\",]{3,300}", re.IGNORECASE)
_HTML = re.compile(r"^\s{0,50}<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_TITLE = re.compile(r"<title>([^<]{1,200})", re.IGNORECASE)
_HEADING = re.compile(r"<h1[^>]{0,100}>([^<]{1,200})", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,500}>")

_NAME = r"['\"`]?([A-Za-z_][\w.\[\]-]{0,60})"
_QUOTED_NAME = r"['\"`]([A-Za-z_][\w.\[\]-]{0,60})['\"`]"

CONTEXT: Final = re.compile(
    r"maximum (?:context|prompt) length|prompt is too long|prompt too long|input is too long|too many tokens"
    r"|exceed\w{0,3} (?:the |its |this model's )?(?:available |max |maximum )?context"
    r"|context (?:window|length|size|limit)[^.]{0,40} (?:exceed|too)"
    r"|exceed[^.]{0,60} context (?:window|size|limit|length)"
    r"|total length of all messages is too long|reduce the length of (?:the|your) (?:messages|prompt|input)"
    r"|token count[^.]{0,40} exceeds|exceeds? the (?:maximum )?(?:number of tokens|token limit)"
    r"|tokens \+ `?max_new_tokens`? must be|larger than the context size"
    r"|trying to keep the first \d+ tokens when context",
    re.IGNORECASE,
)
QUOTA: Final = re.compile(
    r"exceeded your current quota|reached your (?:hourly|daily|weekly|monthly|session) usage limit"
    r"|check your plan and billing|insufficient (?:balance|credit|quota|fund)"
    r"|credit balance is too low|(?:spend|spending|billing)[\w ]{0,20} limit|api usage limits"
    r"|requires more credits|out of credits|payment required|not enough credits",
    re.IGNORECASE,
)
KEY: Final = re.compile(
    r"(?:incorrect|invalid|missing|wrong|no|expired) (?:api[ -]?key|x-api-key|authentication|auth token)"
    r"|api[ -]?key (?:is )?(?:not valid|invalid|missing|incorrect|expired|required)|unauthorized",
    re.IGNORECASE,
)
MODEL: Final = re.compile(
    r"\bmodel:?(?: ['\"`]?[\w./:@-]{1,150}['\"`]?)?,? "
    r"(?:does not exist|(?:is |was )?not (?:found|supported|available))"
    r"|(?:unknown|invalid|no such|unsupported) model|not a valid model|no endpoints found|^model: \S",
    re.IGNORECASE,
)
POLICY: Final = re.compile(
    r"content (?:management )?(?:policy|filter)|flagged|moderation|safety system|usage policy|responsible ai"
    r"|inappropriate content",
    re.IGNORECASE,
)

_PARAMETERS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:unsupported|unknown|unrecognized) (?:request )?(?:parameter|value|argument|field|property|key)"
        r"s?(?: supplied)?:? " + _NAME,
        _QUOTED_NAME + r" (?:is|are) (?:not supported|unsupported|deprecated|not allowed|not permitted)",
        r"propert(?:y|ies) " + _QUOTED_NAME + " (?:is|are) unsupported",
        r"^([a-z_][\w.]{0,60}): extra inputs are not permitted",
        r"argument not supported on this model: " + _NAME,
        r"does not support (?:the )?(?:parameter |argument |field )?" + _NAME,
    )
]

_NUMBER = r"(\d[\d,]{0,12})"
_LIMITS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"maximum (?:context|prompt) length (?:is|of) " + _NUMBER,
        r"> " + _NUMBER,
        r"tokens allowed \(" + _NUMBER,
        r"with " + _NUMBER + " maximum context",
        r"context (?:size|window|length|limit)(?: is| of|:)? \(?" + _NUMBER,
        r"must be <= " + _NUMBER,
        r"limit (?:of|is) " + _NUMBER,
    )
]
_COUNTS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"requested (?:about )?" + _NUMBER + " tokens",
        r"(?:has|contains|passed|resulted in) " + _NUMBER + " (?:input )?tokens",
        r"too long: " + _NUMBER,
        r"token count \(?" + _NUMBER,
        r"request \(" + _NUMBER + " tokens",
        _NUMBER + r" \+ \d{1,10} > ",
    )
]
_RETRY = re.compile(
    r"(?:try again|retry) (?:in|after) (?:(\d{1,4})h)?(?:(\d{1,4})m(?!s))?"
    r"(?:(\d{1,6}(?:\.\d{1,6})?) ?(ms|s|minutes?)?)?",
    re.IGNORECASE,
)
_SCALES = {"ms": 0.001, "s": 1.0}


class ContextNumbers(NamedTuple):
    """How many tokens were asked for, and how many fit; None where the text does not say."""

    token_count: int | None
    limit: int | None


def cleaned(text: str, limit: int = MESSAGE_CHARS) -> str:
    """One bounded line: no control characters, no keys."""
    text = "".join([char if char.isprintable() else " " for char in text[:_READ_CHARS]])
    text = _KEYS.sub("***", _BEARER.sub(r"\1 ***", _PROVIDED.sub(r"\1***", text)))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_html(text: str) -> bool:
    """Whether this is a web page, which only a proxy or a wrong address sends."""
    return _HTML.match(text) is not None


def html_words(text: str) -> str:
    """The title of a web page, or its first words."""
    text = text[:_READ_CHARS]
    found = _TITLE.search(text) or _HEADING.search(text)
    return cleaned(found.group(1) if found else _TAG.sub(" ", text), 200)


def refused_parameter(text: str) -> str | None:
    """The parameter that the words refuse; None when they refuse none."""
    text = text[:_READ_CHARS]
    return next((found.group(1).rstrip(".-") for p in _PARAMETERS if (found := p.search(text))), None)


def context_numbers(text: str) -> ContextNumbers:
    """The figures in the words about a prompt that does not fit."""
    text = text[:_READ_CHARS]
    return ContextNumbers(_first_number(_COUNTS, text), _first_number(_LIMITS, text))


def retry_in_s(text: str) -> float | None:
    """The wait that the words ask for, in seconds ("try again in 1m2.5s", "retry after 20 seconds")."""
    found = _RETRY.search(text[:_READ_CHARS])
    if found is None or not any(found.group(1, 2, 3)):
        return None
    hours, minutes, number, unit = found.groups()
    last_s = float(number or 0) * {"m": 0.001 if unit and unit.lower() == "ms" else 60.0}.get(
        (unit or "s")[0].lower(), 1.0
    )
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + last_s


def _first_number(patterns: list[re.Pattern[str]], text: str) -> int | None:
    for pattern in patterns:
        if found := pattern.search(text):
            return int(found.group(1).replace(",", ""))
    return None
