"""SWE-bench instances in, patches that apply out, with any model provider."""

__version__ = "0.1.0"
