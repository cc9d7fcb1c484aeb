"""Logs of Weights & Biases: run folders with their record files, and what its website and API export."""
