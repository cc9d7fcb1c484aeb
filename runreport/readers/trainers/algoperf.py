"""Trial folders of AlgoPerf: ``eval_measurements.csv``, ``measurements.csv``, ``meta_data_0.json`` and ``flags_0.json``.

Format: ``MetricLogger`` of the AlgoPerf benchmark. The step is ``global_step``; ``score`` is the submission's own time
in seconds, which is also ``accumulated_submission_time``. ``measurements.csv`` repeats the evaluations with rounded
numbers, so only the points that it alone holds are taken from it. The event files in the folder hold the same numbers.

The time to a target is the score of the first evaluation whose ``validation/<target_metric_name>`` reaches
``workload.validation_target_value``: both are params, and that metric is the primary one. Each workload is an experiment
of its own. The study and the trial are tags, as studies repeat a submission with another ``rng_seed``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from runreport.formats.documents import load_object
from runreport.model.entities import CodeVersion, RunBatch
from runreport.model.keys import flatten
from runreport.names import Direction
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.rows import MOST_JSON_BYTES, counted, header_of, info, placed_rows, warning

_EVALUATIONS = "eval_measurements.csv"
_MEASUREMENTS = "measurements.csv"
_TABLES = (_EVALUATIONS, _MEASUREMENTS)
_META = re.compile(r"meta_data_\d+\.json")
_FLAGS = re.compile(r"flags_\d+\.json")
_HPARAMS = re.compile(r"hparams\.json")
_STEP = "global_step"
_COLUMNS = frozenset({"accumulated_submission_time", _STEP, "score"})
_PLACE = re.compile(r"(?:.*/)?(?P<submission>[^/]+)/(?P<study>study_\d+)/(?P<workload>[^/]+)/(?P<trial>trial_\d+)")
_TRIAL = re.compile(r"(?:.*/)?(?P<workload>[^/]+)/(?P<trial>trial_\d+)")
_LOWER = frozenset({"loss", "wer", "ppl", "ctc_loss"})
_SCORES = ("score", "accumulated_submission_time")
_TIMES = ("total_duration", "accumulated_eval_time", "accumulated_logging_time")
_TOLERANCE = 1e-9
_LAUNCHER_FLAGS = re.compile(
    r"(also)?logtostderr|log_dir|v|verbosity|logger_levels|stderrthreshold|showprefixforinfo|run_with_\w+|pdb\w*|"
    r"profile_file|use_cprofile_for_profiling|only_check_args|op_conversion_\w+|delta_threshold|tt_\w+|\w+_oom_exit|"
    r"test_\w+|xml_output_file|experimental_orbax_\w+|tfds_\w+|\?|help\w*|experiment_(dir|name)"
)
"""Flags of the libraries that start the program, and the place of the log, which say nothing about the training."""

_FACTS = {
    "os_platform": ("os", "platform"),
    "python_version": ("package", "python"),
    "python_compiler": ("os", "python compiler"),
    "cpu_model_name": ("hardware", "cpu"),
    "cpu_count": ("hardware", "cpu count"),
    "gpu_model_name": ("hardware", "gpu"),
    "gpu_count": ("hardware", "gpu count"),
    "gpu_driver": ("driver", "gpu driver"),
    "mem.total": ("hardware", "memory (bytes)"),
}


class AlgoPerfReader:
    """Reads trial folders of AlgoPerf."""

    name: ClassVar[str] = "algoperf"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "AlgoPerf trials: `eval_measurements.csv`, `measurements.csv`, `meta_data_0.json`, `flags_0.json`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the tables of a trial, with the descriptions beside them."""
        tables = [name for name in _TABLES if name in location.files and _is_table(location, name)]
        described = [name for name in location.files if any(one.fullmatch(name) for one in (_META, _FLAGS))]
        if not tables or not (described or len(tables) > 1):
            return None
        beside = [name for name in location.files if name in _TABLES or _HPARAMS.fullmatch(name)]
        takes = frozenset({*tables, *described, *beside})
        return Match(certainty=Certainty.SURE, reason=f"{tables[0]} of an AlgoPerf trial", takes=takes)

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder."""
        files = [location.child(name) for name in sorted(match.takes or ())]
        return Scan(sources=(source_of(location, self.name, location.relative, files, joining=Joining.FOLDER),))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _is_table(location: Location, name: str) -> bool:
    return set(header_of(location, name)) >= _COLUMNS


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    _add_tables(location, source, points, notices)
    meta = _objects(location, source, _META, notices)
    flags = _objects(location, source, _FLAGS, notices) | _objects(location, source, _HPARAMS, notices)
    place = _place(f"{location.label}/{source.path}".rstrip("/"))
    workload = str(flags.get("workload") or place.get("workload", ""))
    target = meta.get("workload.target_metric_name")
    primary = f"validation/{target}" if isinstance(target, str) else None
    direction = Direction.DOWN if target in _LOWER else Direction.UP
    notices += _left_out(meta, source)
    return RunFacts(
        experiment=workload or None,
        name="/".join(place[part] for part in ("submission", "study", "trial") if part in place) or None,
        params=_params(meta, flags, place),
        tags={part: place[part] for part in ("study", "trial") if part in place},
        environment={kind: str(meta[name]) for name, kind in _FACTS.items() if meta.get(name) is not None},
        code=_code(source, meta),
        directions={**dict.fromkeys(_SCORES, Direction.DOWN), **({primary: direction} if primary else {})},
        primary=primary,
        units={name: "s" for name in (*_SCORES, *_TIMES) if name in points.metrics},
        notices=tuple(notices),
        is_numbered=True,
    )


def _add_tables(location: Location, source: Source, points: RunPoints, notices: list[Notice]) -> None:
    """Add the evaluations, and of the other table what is not among them."""
    known: dict[tuple[str, int], float] = {}
    differing = 0
    for name in _TABLES:
        file = f"{source.path}/{name}".lstrip("/")
        if file not in source.files:
            continue
        evaluated = dict(known)
        for step, row in placed_rows(location, file, _STEP, notices):
            for metric, value in {**row, _STEP: float(step)}.items():
                before = evaluated.get((metric, step))
                if before is None:
                    points.add(metric, step, value)
                    known[metric, step] = value
                else:
                    differing += not _agree(before, value)
    if differing:
        message = (
            f"{counted(differing, 'number')} of {_MEASUREMENTS} not as in {_EVALUATIONS}, which was taken instead."
        )
        notices.append(warning("differing-logs", source.path or ".", message))


def _agree(first: float, second: float) -> bool:
    return first == second or abs(first - second) <= _TOLERANCE * max(abs(first), abs(second)) or first != first  # noqa: PLR0124 - NaN


def _objects(location: Location, source: Source, pattern: re.Pattern[str], notices: list[Notice]) -> dict[str, Any]:
    """Return the descriptions of one kind, those of later starts last."""
    found: dict[str, Any] = {}
    for file in source.files:
        if pattern.fullmatch(file.rpartition("/")[2]):
            found |= attempt(source, file, partial(load_object, location.inside(file), MOST_JSON_BYTES), notices)
    return found


def _place(path: str) -> dict[str, str]:
    """Return what the folders of the benchmark are called: submission, study, workload and trial."""
    found = _PLACE.fullmatch(path) or _TRIAL.fullmatch(path)
    return found.groupdict() if found else {}


def _params(meta: Mapping[str, Any], flags: Mapping[str, Any], place: Mapping[str, str]) -> dict[str, str]:
    workload = {name: value for name, value in meta.items() if name.startswith("workload.")}
    own = {name: value for name, value in flags.items() if not _LAUNCHER_FLAGS.fullmatch(name)}
    seed = {"rng_seed": meta["rng_seed"]} if "rng_seed" in meta else {}
    submission = {"submission": place["submission"]} if "submission" in place else {}
    settings = {**submission, **own, **seed}
    flat = {name: text for name, value in workload.items() for text in flatten({"x": value}).values()}
    return {**flatten(settings), **flat}


def _code(source: Source, meta: Mapping[str, Any]) -> CodeVersion | None:
    commit, branch = meta.get("git_commit_hash"), meta.get("git_branch")
    if not isinstance(commit, str):
        return None
    return CodeVersion(
        run_id=source.run_id, vcs="git", commit=commit, branch=branch if isinstance(branch, str) else None
    )


def _left_out(meta: Mapping[str, Any], source: Source) -> Iterator[Notice]:
    starts = ("cpu.", "mem.", "net.", "gpu.")
    loads = [name for name in meta if name.startswith(starts) and name not in _FACTS]
    if loads:
        message = f"{len(loads)} figures of the load of the machine at the start were left out."
        yield info("machine-load", source.path or ".", message)
