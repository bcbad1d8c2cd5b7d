"""Identifiers in bodies: shaped like the real ones, different for every request, the same in every run."""

from __future__ import annotations

from hashlib import blake2b

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LETTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))


def make_id(prefix: str, serial: int, length: int = 24, *, salt: str = "") -> str:
    """`prefix` and `length` letters and digits (at most 64) that depend on the serial number and the salt."""
    seed = blake2b(f"{prefix}{salt}{serial}".encode(), digest_size=length).digest()
    return prefix + seed.translate(_LETTERS).decode()
