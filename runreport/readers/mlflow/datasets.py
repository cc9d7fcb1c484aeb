"""The data sets that MLflow says a run read."""

import json
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from runreport.model.entities import Dataset
from runreport.readers.mlflow.facts import DatasetInput, Doubts, RunFacts

_ROLES = MappingProxyType({"training": "train", "val": "validation", "testing": "test"})
_SOURCE_PLACES = ("uri", "url", "path", "table_name", "delta_table_name")
_SOURCE_NAME = "mlflow.source.name"


def datasets(run: str, facts: RunFacts, doubts: Doubts) -> Iterator[Dataset]:
    """Yield the data sets, one for each name, digest and role."""
    seen: set[tuple[str, str | None, str]] = set()
    for given in sorted(facts.datasets, key=lambda given: (given.name, given.context, given.digest or "")):
        role = _ROLES.get(given.context, given.context)
        if (given.name, given.digest, role) in seen:
            continue
        seen.add((given.name, given.digest, role))
        yield Dataset(
            run_id=run,
            dataset=given.name,
            role=role,
            digest=given.digest or None,
            source=_dataset_source(given.source),
            schema=given.schema or None,
            rows=_dataset_rows(given, doubts),
        )


def _dataset_source(text: str | None) -> str | None:
    """Return the place the source names; the script for data made in code; else the whole text."""
    source = json_of(text)
    if not isinstance(source, dict):
        return text or None
    tags = source.get("tags")
    named = [source.get(place) for place in _SOURCE_PLACES]
    named.append(tags.get(_SOURCE_NAME) if isinstance(tags, dict) else None)
    return next((place for place in named if isinstance(place, str) and place), text)


def _dataset_rows(given: DatasetInput, doubts: Doubts) -> int | None:
    """Return the number of rows: ``num_rows`` of tables, the first dimension of arrays."""
    profile = json_of(given.profile)
    if not isinstance(profile, dict):
        if given.profile:
            doubts.add("unread-profile", f"The profile of data set {given.name!r} is no JSON; its rows are unknown.")
        return None
    shape = profile.get("features_shape")
    if isinstance(shape, dict):
        shape = next(iter(shape.values()), None)
    rows = profile.get("num_rows", shape[0] if isinstance(shape, list) and shape else None)
    return rows if isinstance(rows, int) and not isinstance(rows, bool) and 0 <= rows < 1 << 63 else None


def json_of(text: str | None) -> Any:  # noqa: ANN401 - JSON is of any type
    """Return the value of a JSON text; None for a text that is none."""
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
