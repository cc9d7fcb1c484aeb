"""Identities, and the meaning of param texts."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from runreport.model.entities import Param
from runreport.names import ParamKind, content_hash

_RUN_ID_LENGTH = 16
_INT = re.compile(r"[+-]?\d+(_\d+)*\Z")
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z|[+-]?(inf|infinity|nan)\Z", re.IGNORECASE)
_TRUTH = {"true": 1.0, "false": 0.0}
_FLOAT_DIGITS = 300  # an int of more digits has no float
_BRACKETS = {"[]": ParamKind.LIST, "{}": ParamKind.MAP}
_NOTHING = frozenset({"none", "null", ""})


def run_id(tool: str, source_id: str) -> str:
    """Return the id of a run: 16 hex digits from the tool and the tool's own id, so a moved log keeps it."""
    return content_hash(tool, source_id, length=_RUN_ID_LENGTH)


@lru_cache(maxsize=1024)  # the runs of an experiment share most of their values
def param_kind(text: str) -> tuple[ParamKind, float | None]:
    """Return what a param's text stands for, and its number where it has one.

    >>> param_kind("1e-3"), param_kind("True"), param_kind("relu")
    ((<ParamKind.FLOAT: 'float'>, 0.001), (<ParamKind.BOOL: 'bool'>, 1.0), (<ParamKind.TEXT: 'text'>, None))
    """
    stripped = text.strip()
    folded = stripped.casefold()
    if folded in _NOTHING:
        return ParamKind.NONE, None
    if folded in _TRUTH:
        return ParamKind.BOOL, _TRUTH[folded]
    if _INT.match(stripped):
        return ParamKind.INT, float(stripped) if len(stripped) < _FLOAT_DIGITS else None
    if _FLOAT.match(stripped):
        return ParamKind.FLOAT, float(stripped)
    return _BRACKETS.get(stripped[:1] + stripped[-1:], ParamKind.TEXT), None


def param(run: str, name: str, value: str) -> Param:
    """Return a param with the kind and number its text stands for."""
    kind, number = param_kind(value)
    return Param(run_id=run, param=name, value=value, kind=kind, number=number)


def flatten(value: object, prefix: str = "") -> dict[str, str]:
    r"""Return a nested configuration as dotted names and texts; a dot inside a key becomes ``\.``.

    Lists and empty maps stay whole as JSON text; strings stay as they are.

    >>> flatten({"opt": {"lr": 0.1, "betas": [0.9, 0.99]}, "seed": 3})
    {'opt.lr': '0.1', 'opt.betas': '[0.9, 0.99]', 'seed': '3'}
    """
    if isinstance(value, Mapping) and value:
        flat: dict[str, str] = {}
        for key, inner in value.items():
            name = str(key).replace(".", "\\.")
            flat |= flatten(inner, f"{prefix}.{name}" if prefix else name)
        return flat
    return {prefix: _text(value)} if prefix else {}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=False, default=str)


def leaf(name: str) -> str:
    """Return the last part of a dotted or slashed name, lower-case."""
    return re.split(r"[./]", name.casefold())[-1]


def find_seed(params: Sequence[Param], names: Sequence[str]) -> int | None:
    """Return the seed among the params: the first of ``names`` (compared to the last part of a name) that is an int."""
    numbers = [(one, one.param.casefold(), leaf(one.param)) for one in params if one.kind is ParamKind.INT]
    for wanted in map(str.casefold, names):
        for candidate, full, last in numbers:
            if wanted in (full, last):
                return int(candidate.value.strip())
    return None
