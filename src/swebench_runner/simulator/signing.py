"""Signatures of thinking: opaque to a client, checked when they come back."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as BadBase64
from hashlib import sha256

_KEY = b"swebench-runner simulator"
_TEXT_BYTES = 16
_MAC_BYTES = 24


def sign(text: str) -> str:
    """A signature that only this text, unchanged, carries."""
    digest = sha256(text.encode("utf-8", "surrogatepass")).digest()[:_TEXT_BYTES]
    return b64encode(digest + _mac(digest)).decode()


def is_signed(text: str, signature: str) -> bool:
    """Whether `signature` is ours and, unless the text was withheld (""), belongs to this text."""
    try:
        raw = b64decode(signature, validate=True)
    except (BadBase64, ValueError):
        return False
    digest, mac = raw[:_TEXT_BYTES], raw[_TEXT_BYTES:]
    if not hmac.compare_digest(mac, _mac(digest)):
        return False
    return not text or sha256(text.encode("utf-8", "surrogatepass")).digest()[:_TEXT_BYTES] == digest


def seal(text: str) -> str:
    """Thinking in a form that only the server reads (OpenAI's `encrypted_content`)."""
    sealed = urlsafe_b64encode(b64decode(sign(text)) + text.encode("utf-8", "surrogatepass")[:64])
    return "gAAAAA" + sealed.decode()


def is_sealed(sealed: str) -> bool:
    """Whether `sealed` came from `seal`."""
    if not sealed.startswith("gAAAAA"):
        return False
    try:
        raw = b64decode(sealed[6:], altchars=b"-_", validate=True)
    except (BadBase64, ValueError):
        return False
    digest, mac = raw[:_TEXT_BYTES], raw[_TEXT_BYTES : _TEXT_BYTES + _MAC_BYTES]
    return hmac.compare_digest(mac, _mac(digest))


def _mac(digest: bytes) -> bytes:
    return hmac.digest(_KEY, digest, "sha256")[:_MAC_BYTES]
