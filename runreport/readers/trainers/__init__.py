"""Readers of what training libraries and evaluation harnesses leave behind."""
