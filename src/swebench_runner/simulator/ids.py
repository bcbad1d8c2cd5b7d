"""Identifiers in bodies: shaped like the real ones, different for every request, the same in every run."""

from __future__ import annotations

from hashlib import blake2b

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def make_id(prefix: str, serial: int, length: int = 24, *, salt: str = "") -> str:
    """`prefix` and `length` letters and digits (at most 62) that depend on the serial number and the salt."""
    seed = blake2b(f"{prefix}{salt}{serial}".encode(), digest_size=64).digest()
    return prefix + "".join([_ALPHABET[byte % 62] for byte in seed[:length]])
