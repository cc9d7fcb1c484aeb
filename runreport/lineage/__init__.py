"""The graph of code, data, runs and artifacts."""
