"""Decoders of file formats: bytes to plain values. They know nothing of runs."""
