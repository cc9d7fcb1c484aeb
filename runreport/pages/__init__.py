"""Page contexts: everything a template places, computed beforehand."""
