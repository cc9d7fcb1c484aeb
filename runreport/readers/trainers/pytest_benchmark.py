"""Sessions of pytest-benchmark: a JSON file with the statistics of each benchmark, times in seconds.

Format: ``--benchmark-json`` and ``--benchmark-save`` of pytest-benchmark, which writes to the hidden folder
``.benchmarks/<machine>/``. A file is one run; each number of ``stats`` is a metric ``<fullname>/<statistic>`` at step 0.

The times of single rounds, which are kept when the session asked for it, are samples of ``<fullname>/mean``. The rounds
of two sessions have nothing to do with each other, so the name of a sample holds the session: they are never paired.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from runreport.errors import ReadError
from runreport.formats.documents import as_map, load_object, number
from runreport.formats.files import list_folder
from runreport.formats.times import parse_time
from runreport.model.entities import CodeVersion, RunBatch
from runreport.model.keys import flatten
from runreport.names import Direction, RunStatus
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.rows import MOST_JSON_BYTES, info, peek, peek_end, warning

_HIDDEN = ".benchmarks"
_NOT_METRICS = frozenset({"data", "outliers"})
_TIMES = frozenset({"min", "max", "mean", "stddev", "median", "iqr", "q1", "q3", "ld15iqr", "hd15iqr", "total"})
_LOWER = frozenset({"min", "max", "mean", "median", "total"})
_MACHINE = {
    "processor": ("hardware", "processor"),
    "machine": ("hardware", "architecture"),
    "system": ("os", "system"),
    "release": ("os", "release"),
    "python_version": ("package", "python"),
    "python_compiler": ("os", "python compiler"),
}
_CPU = {"brand_raw": "cpu", "count": "cpu count", "hz_advertised_friendly": "cpu frequency"}
_STEP = 0


class PytestBenchmarkReader:
    """Reads the JSON files of pytest-benchmark."""

    name: ClassVar[str] = "pytest_benchmark"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "pytest-benchmark: `.benchmarks/<machine>/NNNN_*.json` and files of `--benchmark-json`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the sessions in a folder and in its hidden folder of saved ones."""
        names = [name for name in location.files if name.endswith(".json") and _is_session(location, name)]
        names += _saved(location) if _HIDDEN in location.folders else []
        if not names:
            return None
        reason = f"{names[0]} is a session of pytest-benchmark"
        return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(names))

    def scan(self, location: Location, match: Match) -> Scan:
        """List the sessions."""
        files = [location.child(name) for name in sorted(match.takes or ())]
        return Scan(sources=tuple(source_of(location, self.name, file, [file]) for file in files))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _is_session(location: Location, name: str) -> bool:
    """Say whether a file begins and ends like a session; flags of the processor may fill its first kilobytes."""
    begin = peek(location, name, 256)
    if not begin.lstrip().startswith("{") or '"machine_info"' not in begin:
        return False
    is_whole = '"version"' in peek_end(location, name, 256)
    return is_whole or '"commit_info"' in peek(location, name, 8192)


def _saved(location: Location) -> list[str]:
    if (location.path / _HIDDEN).is_symlink():
        return []
    found: list[str] = []
    for machine in list_folder(location.root, location.child(_HIDDEN)).folders:
        place = f"{_HIDDEN}/{machine}"
        listed = list_folder(location.root, location.child(place)).files
        names = [f"{place}/{file.path}" for file in listed if file.path.endswith(".json")]
        found += [name for name in names if _is_session(location, name)]
    return found


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    content = load_object(location.inside(source.path), MOST_JSON_BYTES)
    benchmarks = content.get("benchmarks")
    if not isinstance(benchmarks, list):
        raise ReadError("It holds no list of benchmarks.")
    notices: list[Notice] = []
    tags: dict[str, str] = {}
    session = str(content.get("datetime") or source.path)
    whole = [one for one in benchmarks if isinstance(one, dict) and isinstance(one.get("stats"), dict)]
    for one in whole:
        tags |= _add_benchmark(one, session, points)
    if len(whole) < len(benchmarks):
        message = f"{len(benchmarks) - len(whole)} of {len(benchmarks)} benchmarks have no statistics."
        notices.append(warning("broken-benchmarks", source.path, message))
    if whole and not any("data" in one["stats"] for one in whole):
        message = "The times of single rounds were not stored, so there are no samples."
        notices.append(info("no-samples", source.path, message))
    return _facts(location, source, content, points, tags, notices)


def _facts(  # noqa: PLR0913, PLR0917 - each is another part of what was found
    location: Location,
    source: Source,
    content: Mapping[str, Any],
    points: RunPoints,
    tags: Mapping[str, str],
    notices: Sequence[Notice],
) -> RunFacts:
    machine, commit = (as_map(content.get(name)) for name in ("machine_info", "commit_info"))
    statistic = {metric: metric.rpartition("/")[2] for metric in points.metrics}
    node = machine.get("node")
    return RunFacts(
        experiment=_experiment(location, source),
        status=RunStatus.FINISHED,
        started=parse_time(content.get("datetime")),
        host=node if isinstance(node, str) else None,
        params=_params(machine, commit),
        tags={**flatten({name: commit[name] for name in ("time", "author_time") if commit.get(name)}), **tags},
        environment=_environment(machine, content),
        code=_code(source, commit),
        directions={
            **{metric: Direction.DOWN for metric, name in statistic.items() if name in _LOWER},
            **{metric: Direction.UP for metric, name in statistic.items() if name == "ops"},
        },
        units={metric: "s" for metric, name in statistic.items() if name in _TIMES},
        notices=tuple(notices),
        is_numbered=True,
    )


def _experiment(location: Location, source: Source) -> str:
    """Return the folder that the sessions lie in, without the hidden one: saved and written files belong together."""
    above = source.path.rpartition("/")[0]
    parts = above.split("/") if above else []
    shown = parts[: parts.index(_HIDDEN)] if _HIDDEN in parts else parts
    return "/".join(shown) or location.label


def _add_benchmark(one: Mapping[str, Any], session: str, points: RunPoints) -> dict[str, str]:
    """Add the statistics, rounds and own numbers of a benchmark; return what else it says as tags."""
    name = str(one.get("fullname") or one.get("name") or "benchmark")
    stats = one["stats"]
    for statistic, value in stats.items():
        found = number(value) if statistic not in _NOT_METRICS else None
        if found is not None:
            points.add(f"{name}/{statistic}", _STEP, found)
    rounds = stats.get("data")
    for place, value in enumerate(rounds if isinstance(rounds, list) else ()):
        seconds = number(value)
        if seconds is not None:
            points.add_sample(f"{name}/mean", _STEP, f"{session} round {place}", seconds)
    said = {"group": one.get("group"), "params": one.get("params")}
    for key, value in as_map(one.get("extra_info")).items():
        found = number(value) if not isinstance(value, bool) else None
        if found is not None:
            points.add(f"{name}/{key}", _STEP, found)
        else:
            said[key] = value
    return (
        flatten({name: {key: value for key, value in said.items() if value is not None}}) if any(said.values()) else {}
    )


def _params(machine: Mapping[str, Any], commit: Mapping[str, Any]) -> dict[str, str]:
    """Return what tells sessions apart: the commit, and the interpreter and machine they ran on."""
    known = {
        "commit": commit.get("id") if commit.get("id") != "unknown" else None,
        "dirty": commit.get("dirty") if commit.get("id") not in (None, "unknown") else None,
        "python_implementation": machine.get("python_implementation"),
        "python_version": machine.get("python_version"),
        "machine": machine.get("machine"),
    }
    return flatten({name: value for name, value in known.items() if value is not None})


def _environment(machine: Mapping[str, Any], content: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    cpu = as_map(machine.get("cpu"))
    found = {kind: str(machine[name]) for name, kind in _MACHINE.items() if machine.get(name)}
    found |= {("hardware", item): str(cpu[name]) for name, item in _CPU.items() if cpu.get(name)}
    version = content.get("version")
    return found | ({("package", "pytest-benchmark"): version} if isinstance(version, str) else {})


def _code(source: Source, commit: Mapping[str, Any]) -> CodeVersion | None:
    identity, branch, dirty = (commit.get(name) for name in ("id", "branch", "dirty"))
    if not isinstance(identity, str) or identity == "unknown":
        return None
    is_known = isinstance(branch, str) and branch != "(unknown)"
    return CodeVersion(
        run_id=source.run_id,
        vcs="git",
        commit=identity,
        branch=branch if is_known else None,
        dirty=dirty if isinstance(dirty, bool) else None,
    )
