"""Counts and enumerations in the sentences of refusals and cautions."""

from collections.abc import Sequence

_THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


def counted(count: int, noun: str) -> str:
    r"""Return a count with its noun, in the plural where it needs one.

    >>> counted(1, "run"), counted(12345, "run")
    ('1 run', '12\u202f345 runs')
    """
    return f"{count:,}".replace(",", _THIN_SPACE) + f" {noun}{'' if count == 1 else 's'}"


def listed(items: Sequence[str], *, at_most: int = 3) -> str:
    """Return names as an enumeration; what goes beyond ``at_most`` is only counted.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d", "e"])
    ('a, b and c', 'a, b, c and 2 more')
    """
    shown = list(items[:at_most])
    if len(items) > at_most:
        shown.append(f"{len(items) - at_most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


SMALLEST_P = 1e-15


def p_words(p: float, digits: int = 2) -> str:
    """Return a p-value as words say it; below 1e-15 double precision does not hold what the tests promise.

    >>> p_words(0.01234), p_words(1e-300)
    ('p = 0.012', 'p < 1e-15')
    """
    return f"p < {SMALLEST_P:g}" if p < SMALLEST_P else f"p = {p:.{digits}g}"
