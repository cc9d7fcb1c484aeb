"""Run vectors of the shared format: each method answers with a mapping that must hold what the vector expects."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Values = Mapping[str, Any]
Method = Callable[[Values, Values], Values]
"""Takes the inputs and options of a vector; answers with at least the fields that vectors of the method expect."""

_ROUNDING = 1e-14  # a relative tolerance of 0 would ask for more than double precision gives
_MANIFEST = "MANIFEST.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that is not as expected; ``distance`` is how far a number is off, where both are numbers."""

    field: str
    expected: Any
    computed: Any
    distance: float | None = None

    def __str__(self) -> str:
        far = "" if self.distance is None else f" (off by {self.distance:.3g})"
        return f"{self.field}: expected {self.expected!r}, computed {self.computed!r}{far}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one vector; it passed when nothing differs."""

    vector_id: str
    method: str
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether every expected field was computed within its tolerance."""
        return not self.differences


def load_vectors(folder: Path) -> list[dict[str, Any]]:
    """Return the vectors of all files of a folder, in the order of file names.

    Raises:
        FileNotFoundError: the folder holds no vectors.
    """
    files = [path for path in sorted(folder.glob("*.json")) if path.name != _MANIFEST]
    if not files:
        raise FileNotFoundError(f"there are no vectors (*.json) in {folder}")
    return [vector for path in files for vector in json.loads(path.read_text(encoding="utf-8"))]


def run_vector(vector: Values, methods: Mapping[str, Method]) -> Outcome:
    """Return the outcome of one vector; a method that is unknown or raises has failed."""
    name = vector["method"]
    try:
        answer = methods[name](numbers(vector["inputs"]), numbers(vector["options"]))
    except Exception as error:  # noqa: BLE001 - a vector that cannot be computed fails, and the others still run
        what = "no such method" if name not in methods else f"{type(error).__name__}: {error}"
        differences: tuple[Difference, ...] = (Difference(field=name, expected="an answer", computed=what),)
    else:
        differences = tuple(_differ("", numbers(vector["expected"]), answer, vector["tol"], vector["tol_kind"]))
    return Outcome(vector_id=vector["id"], method=name, differences=differences)


def numbers(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with the strings that stand for NaN and the infinities as numbers."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, str) and value in {"NaN", "Infinity", "-Infinity"} else value


def _differ(field: str, expected: Any, computed: Any, tol: float, kind: str) -> Iterator[Difference]:  # noqa: ANN401
    if isinstance(expected, dict):
        for key, wanted in expected.items():
            value = computed.get(key) if isinstance(computed, Mapping) else None
            yield from _differ(f"{field}.{key}".strip("."), wanted, value, tol, kind)
    elif isinstance(expected, list):
        items = [] if computed is None or isinstance(computed, str | float | int) else list(computed)
        if len(items) != len(expected):
            yield Difference(field=field, expected=expected, computed=computed)
        else:
            for position, (wanted, value) in enumerate(zip(expected, items, strict=True)):
                yield from _differ(f"{field}.{position}", wanted, value, tol, kind)
    elif isinstance(expected, bool | str) or expected is None:
        if computed != expected:
            yield Difference(field=field, expected=expected, computed=computed)
    else:
        yield from _off(field, float(expected), computed, tol, kind)


def _off(field: str, expected: float, computed: Any, tol: float, kind: str) -> Iterator[Difference]:  # noqa: ANN401
    try:
        value = float(computed)
    except (TypeError, ValueError):
        yield Difference(field=field, expected=expected, computed=computed)
        return
    limit = tol if kind == "abs" else max(tol * abs(expected), _ROUNDING)
    both_nan = math.isnan(expected) and math.isnan(value)
    if not (both_nan or value == expected or abs(value - expected) <= limit):
        yield Difference(field=field, expected=expected, computed=value, distance=abs(value - expected))
