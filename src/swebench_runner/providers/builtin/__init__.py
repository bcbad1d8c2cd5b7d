"""One frozen value a provider; the registry finds them through the same door as strangers'."""
