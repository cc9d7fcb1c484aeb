"""Static reports of machine-learning experiment runs that can be trusted and kept."""

__version__ = "0.1.0"
