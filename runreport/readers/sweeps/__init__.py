"""Readers of what sweeps and searches over settings leave behind."""
