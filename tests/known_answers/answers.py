"""What all adapters share: the words in which vectors put a refusal or a caution, and where they keep their options."""

from collections.abc import Callable, Mapping
from typing import Any

from runreport.stats.types import Caution, Refusal

Values = Mapping[str, Any]
_DIRECTIONS = {"higher": True, "higher_is_better": True, "lower": False, "lower_is_better": False}


class RefusedError(Exception):
    """What the statistics refused to compute; :func:`refusing` makes it the answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.words)
        self.refusal = refusal


def said(answer: str, remark: Refusal | Caution) -> dict[str, Any]:
    """Return the fields of a refusal or caution; ``answer`` is what the vectors call the kind of outcome."""
    return {"answer": answer, "code": remark.code.upper().replace("-", "_"), "say": remark.words}


def answered(found: Any) -> Any:  # noqa: ANN401 - any value of the statistics
    """Return what was computed.

    Raises:
        RefusedError: it was refused instead.
    """
    if not isinstance(found, Refusal):
        return found
    raise RefusedError(found)


def refusing(method: Callable[[Values, Values], Values]) -> Callable[[Values, Values], Values]:
    """Return the method with the fields of a refusal as the answer where it meets one."""

    def answer(inputs: Values, options: Values) -> Values:
        try:
            return method(inputs, options)
        except RefusedError as refused:
            return said("refuse", refused.refusal)

    return answer


def option(inputs: Values, options: Values, name: str, default: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return an option of a vector, which may stand among its options or its inputs; null is the default."""
    places = [place[name] for place in (options, inputs) if place.get(name) is not None]
    return places[0] if places else default


def chosen(inputs: Values, options: Values, *names: str) -> dict[str, Any]:
    """Return those of the named options that the vector sets."""
    found = {name: option(inputs, options, name, None) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def level_of(inputs: Values, options: Values, default: float = 0.95) -> float:
    """Return the level of an interval, which the vectors call ``confidence`` or ``level``."""
    return float(option(inputs, options, "confidence", option(inputs, options, "level", default)))


def alternative_of(inputs: Values, options: Values) -> str:
    """Return the alternative of a test, by default two-sided."""
    return str(option(inputs, options, "alternative", "two-sided"))


def higher_is_better(inputs: Values, options: Values) -> bool:
    """Return which direction is better, by default higher.

    Raises:
        ValueError: the direction is not one.
    """
    direction = option(inputs, options, "direction", "higher")
    if direction not in _DIRECTIONS:
        message = f"the direction must be one of {', '.join(_DIRECTIONS)}, not {direction!r}"
        raise ValueError(message)
    return _DIRECTIONS[direction]


def percent(share: float) -> str:
    """Return a share as the names of fields spell it: 0.05 is 05, 0.9 is 90."""
    return f"{100 * share:g}".zfill(2)
