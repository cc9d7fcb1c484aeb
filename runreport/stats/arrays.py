"""What the statistics take in: one-dimensional arrays of finite numbers, levels and counts."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ALTERNATIVES = ("two-sided", "less", "greater")


def finite_sample(values: ArrayLike, name: str) -> Floats:
    """Return the values as float64 [n].

    Raises:
        ValueError: they are not one-dimensional, or one is NaN or infinite (the message names it).
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        message = f"{name} must have one dimension, not {array.ndim}"
        raise ValueError(message)
    finite = np.isfinite(array)
    if not finite.all():
        strange = int(finite.argmin())
        message = f"{name}[{strange}] is {array[strange]}; only finite values are allowed here"
        raise ValueError(message)
    return array


def fraction(value: float, name: str) -> float:
    """Return a level, alpha or power as it is.

    Raises:
        ValueError: it is not strictly between 0 and 1.
    """
    if not 0 < value < 1:
        message = f"{name} must be between 0 and 1, not {value}"
        raise ValueError(message)
    return value


def one_of(value: str, allowed: tuple[str, ...], name: str) -> str:
    """Return the word as it is.

    Raises:
        ValueError: it is not among the allowed words.
    """
    if value not in allowed:
        message = f"{name} must be one of {', '.join(allowed)}, not {value!r}"
        raise ValueError(message)
    return value


def is_constant(array: Floats) -> bool:
    """Say whether all values are exactly equal; a standard deviation may miss it by rounding."""
    return bool(array.size == 0 or array.min() == array.max())
