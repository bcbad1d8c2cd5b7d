"""The providers' ways of speaking, one module a dialect."""
