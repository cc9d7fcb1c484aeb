"""Words that the notices of several readers share."""

from collections.abc import Sequence

_NAMED = 3


def counted_names(names: Sequence[str], what: str) -> str:
    """Return how many there are and the first names, with the verb.

    >>> counted_names(["a", "b"], "folder")
    '2 folders (a, b) were'
    """
    shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return f"1 {what} ({shown}) was" if len(names) == 1 else f"{len(names)} {what}s ({shown}) were"
