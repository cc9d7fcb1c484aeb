"""Contexts and a theme become files; the only place that knows HTML."""
