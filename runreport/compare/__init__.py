"""Groups of runs over seeds, their contrasts and verdicts."""
