"""A run, or several, as something to read and to pass on: one HTML page, Markdown, or CSV."""
