"""Bytes to frames, at any split of the bytes."""
