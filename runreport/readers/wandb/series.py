"""From rows to series: one for each path of keys, media and texts apart."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.errors import ReadError
from runreport.formats.documents import number
from runreport.formats.protobuf import WireError
from runreport.readers.wandb.fold import MAX_DEPTH, leaves, parse_value
from runreport.readers.wandb.rows import Rows
from runreport.readers.wandb.wire import Path, keys_of

TYPE_KEY = "_type"
"""The key by which a map is known to describe a picture, a table, a histogram and so on."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The numbers of one metric and the rows they are in, ascending."""

    rows: Ints
    values: Floats


@dataclass(slots=True, kw_only=True)
class Contents:
    """What rows hold.

    Attributes:
        series: numbers by path.
        objects: descriptions of media by path and row: their keys, joined by ``.``, and values.
        others: how many values of a path are no numbers, by what they are.
        bad: how many items could not be decoded.
    """

    series: dict[Path, Series] = field(default_factory=dict)
    objects: dict[tuple[Path, int], dict[str, Any]] = field(default_factory=dict)
    others: dict[Path, Counter[str]] = field(default_factory=dict)
    bad: int = 0


def contents_of(rows: Rows) -> Contents:
    """Sort out what rows hold."""
    contents = Contents()
    numbers: dict[Path, list[tuple[Ints, Floats]]] = defaultdict(list)
    for name in rows.rows:
        path = _path(name, contents)
        if path is not None:
            parts = np.frombuffer(rows.rows[name], dtype=np.int64), np.frombuffer(rows.values[name], dtype=np.float64)
            numbers[path].append(parts)
    found, details = _decoded(rows, contents)
    for path, pairs in found.items():
        parts = np.array([row for row, _ in pairs], dtype=np.int64), np.array([value for _, value in pairs])
        numbers[path].append(parts)
    contents.series = {path: _joined(parts) for path, parts in numbers.items()}
    _take_media(contents, details)
    for path, pairs_of in details.items():
        contents.others[path] = Counter(_kind(value) for _, value in pairs_of)
    return contents


def display_names(paths: Iterable[Path]) -> dict[Path, str]:
    r"""Return the name of each path: its keys joined by ``.``, as W&B shows them.

    Where two paths would share a name, a dot within a key becomes ``\.``.

    >>> display_names([("a", "b"), ("c.d",), ("a.b",)])
    {('a', 'b'): 'a.b', ('c.d',): 'c.d', ('a.b',): 'a\\.b'}
    """
    every = list(paths)
    count = Counter(".".join(path) for path in every)
    return {
        path: ".".join(key.replace(".", "\\.") for key in path) if count[".".join(path)] > 1 else ".".join(path)
        for path in every
    }


def _path(name: bytes, contents: Contents) -> Path | None:
    try:
        path = keys_of(name)
    except WireError:
        path = ()
    if any(path) and len(path) <= MAX_DEPTH:
        return path
    contents.bad += 1
    return None


def _decoded(
    rows: Rows, contents: Contents
) -> tuple[dict[Path, list[tuple[int, float]]], dict[Path, list[tuple[int, Any]]]]:
    """Return the numbers and all else among the values that are no plain numbers, maps taken apart."""
    numbers: dict[Path, list[tuple[int, float]]] = defaultdict(list)
    details: dict[Path, list[tuple[int, Any]]] = defaultdict(list)
    paths: dict[bytes, Path | None] = {}
    for row, name, text in rows.others:
        path = paths[name] if name in paths else paths.setdefault(name, _path(name, contents))
        try:
            value = parse_value(text)
        except ReadError:
            contents.bad += 1
            continue
        if path is None:
            continue
        for below, leaf in leaves(value) if isinstance(value, Mapping) and value else [((), value)]:
            found = number(leaf)
            if found is None:
                details[path + below].append((row, leaf))
            else:
                numbers[path + below].append((row, found))
    return numbers, details


def _joined(parts: list[tuple[Ints, Floats]]) -> Series:
    """Join what differently encoded keys of one path hold."""
    rows = np.concatenate([rows for rows, _ in parts]) if len(parts) > 1 else parts[0][0]
    values = np.concatenate([values for _, values in parts]) if len(parts) > 1 else parts[0][1]
    if len(parts) > 1 or (np.diff(rows) < 0).any():
        order = np.argsort(rows, kind="stable")
        rows, values = rows[order], values[order]
    return Series(rows=rows, values=values)


def _take_media(contents: Contents, details: dict[Path, list[tuple[int, Any]]]) -> None:
    """Move all that lies below a typed map to the objects; the outermost one counts."""
    typed = {path[:-1] for path, pairs in details.items() if path[-1] == TYPE_KEY and _has_text(pairs)}
    if not typed:
        return
    for path in [path for path in details if _owner(path, typed)]:
        owner = _owner(path, typed)
        for row, value in details.pop(path):
            contents.objects.setdefault((owner, row), {})[".".join(path[len(owner) :])] = value
    for path in [path for path in contents.series if _owner(path, typed)]:
        owner, series = _owner(path, typed), contents.series.pop(path)
        for row, value in zip(series.rows.tolist(), series.values.tolist(), strict=True):
            contents.objects.setdefault((owner, row), {})[".".join(path[len(owner) :])] = value


def _has_text(pairs: list[tuple[int, Any]]) -> bool:
    return any(isinstance(value, str) for _, value in pairs)


def _owner(path: Path, typed: set[Path]) -> Path:
    """Return the typed map a path lies in, empty when it is in none."""
    return next((path[:length] for length in range(1, len(path)) if path[:length] in typed), ())


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "list"
    return "nothing" if value is None else "empty map"
