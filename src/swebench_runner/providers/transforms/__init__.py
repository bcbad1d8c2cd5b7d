"""The dialects of the wire: values in, values out."""
