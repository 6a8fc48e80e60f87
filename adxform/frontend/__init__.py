"""Finds a function's source and what its names mean, and lowers it to Core."""
