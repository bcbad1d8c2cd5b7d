"""The vocabulary of the provider layer: values, errors and protocols. Standard library only, no I/O."""
