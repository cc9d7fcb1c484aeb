"""Results of airspeed velocity: ``results/<machine>/<commit>-<environment>.json``, one run per file.

Format: result files of asv, ``version`` 2: ``result_columns`` names the columns of the rows in ``results``, whose ends
may be missing. The values of a benchmark are those of all combinations of its params, the last one varying fastest:
``suite.time_sort(10, 'list')``. Beside it stand the bounds of its 99 % interval and its quartiles as metrics of their
own, and single measurements, where they are stored, as samples; those of two runs are never paired. A benchmark that
failed is ``null`` and one that was skipped ``NaN``: they give no point and are counted in a notice.

``benchmarks.json`` says the unit and type of each benchmark, ``machine.json`` what it ran on.
"""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

from runreport.errors import ReadError
from runreport.formats.documents import load_object, number
from runreport.formats.times import moment
from runreport.model.entities import CodeVersion, RunBatch
from runreport.model.keys import flatten
from runreport.names import Direction, RunStatus
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.rows import MOST_JSON_BYTES, counted, info, listed, peek, warning

_NAME = re.compile(r"[0-9a-f]{6,40}-.+\.json")
_MARKS = re.compile(r'"(commit_hash|result_columns|env_name)"')
_BENCHMARKS, _MACHINE = "benchmarks.json", "machine.json"
_VERSION = 2
_STATS = {
    "stats_ci_99_a": "ci_99_low",
    "stats_ci_99_b": "ci_99_high",
    "stats_q_25": "q_25",
    "stats_q_75": "q_75",
    "stats_repeat": "repeat",
    "stats_number": "number",
}
_LOWER = frozenset({"time", "timeraw", "memory", "peakmemory"})
_UNITS = {"seconds": "s"}
_MOST_COMBINATIONS = 100_000
_MILLISECONDS = 1000
_STEP = 0
_HARDWARE = {"arch": "architecture", "cpu": "cpu", "num_cpu": "cpu count", "ram": "memory"}


class _Cell(NamedTuple):
    """One combination of params of a benchmark: its metric, and its place in the columns."""

    metric: str
    place: int


class AsvReader:
    """Reads the result files of airspeed velocity."""

    name: ClassVar[str] = "asv"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "asv: `results/<machine>/<commit>-<environment>.json` (version 2), `benchmarks.json`, `machine.json`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the result files of a machine, and the descriptions beside and above them."""
        names = [name for name in location.files if _NAME.fullmatch(name) and _is_result(location, name)]
        if names:
            beside = [name for name in location.files if name == _MACHINE]
            reason = f"{names[0]} is a result of asv"
            return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset({*names, *beside}))
        if _BENCHMARKS in location.files and '"param_names"' in peek(location, _BENCHMARKS, 16_384):
            reason = f"{_BENCHMARKS} of asv, which is read with the results below"
            return Match(certainty=Certainty.LIKELY, reason=reason, takes=frozenset({_BENCHMARKS}))
        return None

    def scan(self, location: Location, match: Match) -> Scan:
        """List the results; none where only the description of the benchmarks lies."""
        taken = sorted(match.takes or ())
        above = location.relative.rpartition("/")[0]
        shared = [location.child(name) for name in taken if name == _MACHINE]
        if location.relative:
            shared.append(f"{above}/{_BENCHMARKS}".lstrip("/"))
        files = [location.child(name) for name in taken if _NAME.fullmatch(name)]
        return Scan(sources=tuple(source_of(location, self.name, file, [file, *shared]) for file in files))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _is_result(location: Location, name: str) -> bool:
    text = peek(location, name)
    return text.lstrip().startswith("{") and bool(_MARKS.search(text))


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    content = load_object(location.inside(source.path), MOST_JSON_BYTES)
    columns, results = content.get("result_columns"), content.get("results")
    if content.get("version") != _VERSION or not isinstance(columns, list) or not isinstance(results, dict):
        raise ReadError(f"It is no result file of version {_VERSION}, the only one that is read.")
    notices: list[Notice] = []
    described = _beside(location, source, _BENCHMARKS, notices)
    machine = _beside(location, source, _MACHINE, notices)
    lost: dict[str, list[str]] = {"failed": [], "skipped": [], "broken": []}
    starts: list[float] = []
    metrics: dict[str, str] = {}
    for benchmark, values in results.items():
        row = dict(zip(columns, values, strict=False)) if isinstance(values, list) else {}
        starts += [start for start in [number(row.get("started_at"))] if start is not None]
        for metric in _add_benchmark(benchmark, row, source.path, points, lost):
            metrics[metric] = benchmark
    notices += _said(source.path, lost)
    return RunFacts(
        experiment=_experiment(location, source),
        status=RunStatus.FINISHED,
        started=moment(min(starts) / _MILLISECONDS) if starts else None,
        host=_host(content, machine),
        params=_params(content),
        tags=_tags(content),
        environment=_environment(content, machine),
        code=_code(source, content),
        directions=_directions(metrics, described),
        units=_units(metrics, described),
        notices=tuple(notices),
        is_numbered=True,
    )


def _beside(location: Location, source: Source, name: str, notices: list[Notice]) -> dict[str, Any]:
    file = next((file for file in source.files[1:] if file.rpartition("/")[2] == name), None)
    if file is None:
        return {}
    return dict(attempt(source, file, partial(load_object, location.inside(file), MOST_JSON_BYTES), notices))


def _add_benchmark(
    benchmark: str, row: Mapping[str, Any], session: str, points: RunPoints, lost: Mapping[str, list[str]]
) -> list[str]:
    """Add the values of a benchmark and return the names of its metrics."""
    values, levels = row.get("result"), row.get("params")
    combinations = _combinations(levels if isinstance(levels, list) else [])
    if values is None:
        lost["failed"].append(benchmark)
        return []
    if not isinstance(values, list) or combinations is None or len(values) > len(combinations):
        lost["broken"].append(benchmark)
        return []
    metrics: list[str] = []
    for place, (texts, value) in enumerate(zip(combinations, values, strict=False)):
        metric = f"{benchmark}({', '.join(texts)})" if texts else benchmark
        found = number(value)
        if found is None or math.isnan(found):
            lost["failed" if found is None else "skipped"].append(metric)
            continue
        points.add(metric, _STEP, found)
        metrics.append(metric)
        _add_spread(_Cell(metric, place), row, session, points)
    return metrics


def _combinations(levels: Sequence[Any]) -> list[tuple[str, ...]] | None:
    """Return all combinations of the params, the last one varying fastest; None when there are too many."""
    texts = [[str(level) for level in own] if isinstance(own, list) else [] for own in levels]
    if math.prod(map(len, texts)) > _MOST_COMBINATIONS:
        return None
    return list(itertools.product(*texts))


def _add_spread(cell: _Cell, row: Mapping[str, Any], session: str, points: RunPoints) -> None:
    for column, name in _STATS.items():
        found = number(_at(row.get(column), cell.place))
        if found is not None:
            points.add(f"{cell.metric}/{name}", _STEP, found)
    samples = _at(row.get("samples"), cell.place)
    for place, sample in enumerate(samples if isinstance(samples, list) else ()):
        value = number(sample)
        if value is not None:
            points.add_sample(cell.metric, _STEP, f"{session} sample {place}", value)


def _at(values: object, place: int) -> object:
    return values[place] if isinstance(values, list) and place < len(values) else None


def _said(path: str, lost: Mapping[str, list[str]]) -> Iterator[Notice]:
    if lost["failed"]:
        message = f"{counted(len(lost['failed']), 'benchmark')} failed and gave no value: {listed(lost['failed'])}."
        yield warning("failed-benchmarks", path, message)
    if lost["skipped"]:
        message = f"{counted(len(lost['skipped']), 'benchmark')} skipped, without a value: {listed(lost['skipped'])}."
        yield info("skipped-benchmarks", path, message)
    if lost["broken"]:
        message = f"The values of {listed(lost['broken'])} do not fit their params and were left out."
        yield warning("broken-benchmarks", path, message)


def _experiment(location: Location, source: Source) -> str:
    """Return the folder above those of the machines."""
    return "/".join(source.path.split("/")[:-2]) or location.label


def _params(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the commit, the environment and what it was made of."""
    names = ("commit_hash", "env_name", "python", "requirements", "env_vars")
    known = {name: content[name] for name in names if content.get(name) not in (None, {}, "")}
    params = content.get("params")
    machine = params.get("machine") if isinstance(params, dict) else None
    return flatten({**known, **({"machine": machine} if machine else {})})


def _host(content: Mapping[str, Any], machine: Mapping[str, Any]) -> str | None:
    params = content.get("params")
    named = machine.get("machine") or (params.get("machine") if isinstance(params, dict) else None)
    return named if isinstance(named, str) else None


def _tags(content: Mapping[str, Any]) -> dict[str, str]:
    date = number(content.get("date"))
    when = moment(date / _MILLISECONDS) if date is not None else None
    return {"commit_time": when.isoformat()} if when else {}


def _environment(content: Mapping[str, Any], machine: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    params = content.get("params")
    facts = {**(params if isinstance(params, dict) else {}), **machine}
    found = {("hardware", item): str(facts[name]) for name, item in _HARDWARE.items() if facts.get(name)}
    requirements = content.get("requirements")
    for name, version in requirements.items() if isinstance(requirements, dict) else ():
        found["package", str(name)] = str(version)
    return found | ({("os", "system"): str(facts["os"])} if facts.get("os") else {})


def _code(source: Source, content: Mapping[str, Any]) -> CodeVersion | None:
    commit = content.get("commit_hash")
    return CodeVersion(run_id=source.run_id, vcs="git", commit=commit) if isinstance(commit, str) else None


def _directions(metrics: Mapping[str, str], described: Mapping[str, Any]) -> dict[str, Direction]:
    """Return the direction of times and memory; of what a benchmark tracks by itself it is not said."""
    return {metric: Direction.DOWN for metric, name in metrics.items() if _said_of(described, name, "type") in _LOWER}


def _units(metrics: Mapping[str, str], described: Mapping[str, Any]) -> dict[str, str]:
    units = {metric: _said_of(described, name, "unit") for metric, name in metrics.items()}
    return {metric: _UNITS.get(unit, unit) for metric, unit in units.items() if unit}


def _said_of(described: Mapping[str, Any], benchmark: str, what: str) -> str:
    known = described.get(benchmark)
    value = known.get(what) if isinstance(known, dict) else None
    return value if isinstance(value, str) else ""
