"""The seam to the network."""
