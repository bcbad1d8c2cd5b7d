"""Counting tokens: exactly where possible, openly estimated elsewhere."""
