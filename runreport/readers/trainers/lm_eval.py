"""Results of the language model evaluation harness: a JSON file per evaluation, and its samples beside it.

Format: ``lm-evaluation-harness``. New files are ``results_<date>.json`` in a folder named like the model, with
``samples_<task>_<date>.jsonl``; old ones have any name and hold ``results``, ``versions`` and ``config`` only.

A metric is ``<task>/<metric>``, with its standard error beside it as ``<task>/<metric>_stderr``; a filter other than
``none`` is part of the name: ``gsm8k/exact_match,strict-match``. The outcomes of single documents are samples, named by
document, so that two models can be compared document by document.

Files of one folder whose names differ only in a step (``160m_step1000.json``, ``160m_step2000.json``) are checkpoints of
one model: one run, with the step of the checkpoint as its step. Params that differ between them are left out with a
notice. Every other file is a run of its own at step 0. All evaluations below the folder that was named are one
experiment, as the folders are named by model.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from runreport.errors import ReadError
from runreport.formats.documents import load_object, number
from runreport.formats.times import moment
from runreport.model.entities import CodeVersion, RunBatch
from runreport.names import Direction, RunStatus, natural_key
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.lm_eval_facts import datasets, environment, params
from runreport.readers.trainers.lm_eval_samples import add_samples
from runreport.readers.trainers.rows import MOST_JSON_BYTES, info, listed, peek, peek_end, plausible_seconds, warning

_FIRST_KEY = re.compile(r"\s*\{\s*\"results\"\s*:\s*\{")
_OLD_END = re.compile(r"\"(bootstrap_iters|num_fewshot|model_args)\"")
_NEW_END = re.compile(r"\"(total_evaluation_time_seconds|task_hashes|model_name_sanitized|lm_eval_version)\"")
_NEW_NAME = re.compile(r"results_(?P<date>.+)\.json")
_STEP = re.compile(
    r"(?:(?P<before>.*?)[-_.])?(?:global_step|step|checkpoint|ckpt|iter)[-_=]?(?P<step>\d{1,15})(?P<after>\D.*)?\.json",
    re.IGNORECASE,
)
_MARK = "#"
_HEAD_BYTES, _END_BYTES = 2048, 2048
_NOT_METRICS = frozenset({"alias", "name", "sample_len", "sample_count", "samples"})
_STDERR = "_stderr"


class LmEvalReader:
    """Reads results of the language model evaluation harness."""

    name: ClassVar[str] = "lm_eval"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "lm-evaluation-harness: `results_<date>.json` and `samples_<task>_<date>.jsonl`",
        "lm-evaluation-harness, old files, one per checkpoint: `<model>_step<N>.json`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the results of a folder, with the samples beside them."""
        names = [name for name in location.files if name.endswith(".json") and _is_results(location, name)]
        if not names:
            return None
        takes = {*names, *(file for name in names for file in _samples_of(name, location.files))}
        reason = f"{names[0]} holds results of the evaluation harness"
        return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(takes))

    def scan(self, location: Location, match: Match) -> Scan:
        """List the evaluations: one run for each series of checkpoints, one for each other file."""
        taken = match.takes or frozenset()
        series: dict[str, list[str]] = {}
        for name in sorted((name for name in taken if name.endswith(".json")), key=natural_key):
            series.setdefault(_series_of(name) or name, []).append(name)
        return Scan(sources=tuple(self._source(location, own, sorted(taken)) for own in series.values()))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)

    def _source(self, location: Location, names: Sequence[str], taken: Sequence[str]) -> Source:
        files = [file for name in names for file in (name, *_samples_of(name, taken))]
        places = [location.child(file) for file in files]
        series = _series_of(names[0])
        if series is None:
            return source_of(location, self.name, places[0], places)
        return source_of(location, self.name, location.relative, places, handle=f"{_MARK}{series}")


def _is_results(location: Location, name: str) -> bool:
    head = peek(location, name, _HEAD_BYTES)
    if not _FIRST_KEY.match(head):
        return False
    if f'{_STDERR}"' in head or f"{_STDERR}," in head:
        return True
    end = peek_end(location, name, _END_BYTES)
    return bool(_NEW_END.search(end)) or (bool(_OLD_END.search(end)) and '"model"' in end)


def _series_of(name: str) -> str | None:
    """Return what the files of a series of checkpoints share, None for a file that names no step."""
    found = None if _NEW_NAME.fullmatch(name) else _STEP.fullmatch(name)
    return f"{found['before'] or ''}*{found['after'] or ''}" if found else None


def _step_of(name: str) -> int:
    found = None if _NEW_NAME.fullmatch(name) else _STEP.fullmatch(name)
    return int(found["step"]) if found else 0


def _samples_of(name: str, files: Sequence[str]) -> list[str]:
    """Return the samples of a new file: those of the same date."""
    found = _NEW_NAME.fullmatch(name)
    end = f"_{found['date']}.jsonl" if found else ""
    return [file for file in files if end and file.startswith("samples_") and file.endswith(end)]


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    read: dict[str, Mapping[str, Any]] = {}
    for file in (file for file in source.files if file.endswith(".json")):
        content = attempt(source, file, partial(_content, location, file), notices)
        if content:
            read[file] = content
    if not read:
        reason = notices[0].message if notices else "The files are gone."
        raise ReadError(f"None of its files can be read. {reason}")
    for file, content in read.items():
        step = _step_of(file.rpartition("/")[2])
        notices += _add_results(points, file, step, content)
        for samples in _samples_of(file.rpartition("/")[2], [one.rpartition("/")[2] for one in source.files]):
            place = f"{file.rpartition('/')[0]}/{samples}".lstrip("/")
            add_samples(location, source, place, step, points, notices)
    newest = list(read.values())[-1]
    shared = _shared([params(content) for content in read.values()], source, notices)
    return RunFacts(
        experiment=location.label,
        name=_name(source, newest),
        status=RunStatus.FINISHED,
        started=moment(number(newest.get("date"))),
        duration_s=plausible_seconds(newest.get("total_evaluation_time_seconds")) if len(read) == 1 else None,
        params=shared,
        environment=environment(newest),
        directions={metric: way for content in read.values() for metric, way in _directions(content, points).items()},
        datasets=datasets(source.run_id, newest),
        code=_code(source, newest),
        notices=tuple(notices),
        is_numbered=True,
    )


def _content(location: Location, file: str) -> dict[str, Any]:
    content = load_object(location.inside(file), MOST_JSON_BYTES)
    if not isinstance(content.get("results"), dict):
        raise ReadError("It holds no results.")
    return content


def _add_results(points: RunPoints, file: str, step: int, content: Mapping[str, Any]) -> Iterator[Notice]:
    """Add the values of all tasks, and of the groups that are not among them."""
    groups = content.get("groups")
    tables = [content["results"], groups if isinstance(groups, dict) else {}]
    added: set[str] = set()
    others: dict[str, None] = {}
    for task, values in (pair for table in tables for pair in table.items()):
        if task in added:
            continue
        if not isinstance(values, dict):
            others[task] = None
            continue
        added.add(task)
        for key, value in values.items():
            found = number(value)
            if key.strip() in _NOT_METRICS or (found is None and _STDERR in key):
                continue
            if found is not None:
                points.add(f"{task}/{metric_name(key)}", step, found)
            elif value is not None:
                others[f"{task}/{key}"] = None
    if others:
        message = f"These values are no numbers and were left out: {listed(list(others))}."
        yield warning("texts-left-out", file, message)


def metric_name(key: str) -> str:
    """Return the name of a metric with its filter, where there is one.

    >>> metric_name("acc_stderr,none"), metric_name("exact_match,strict-match"), metric_name("acc")
    ('acc_stderr', 'exact_match,strict-match', 'acc')
    """
    return key.removesuffix(",none")


def _directions(content: Mapping[str, Any], points: RunPoints) -> dict[str, Direction]:
    """Return which way metrics improve, with any filter; the standard errors have no direction."""
    said = content.get("higher_is_better")
    ways = {
        f"{task}/{metric}": Direction.UP if is_up else Direction.DOWN
        for task, metrics in (said.items() if isinstance(said, dict) else ())
        if isinstance(metrics, dict)
        for metric, is_up in metrics.items()
        if isinstance(is_up, bool)
    }
    known = {metric: metric.partition(",")[0] for metric in points.metrics}
    return {metric: ways[plain] for metric, plain in known.items() if plain in ways}


def _shared(found: Sequence[Mapping[str, str]], source: Source, notices: list[Notice]) -> dict[str, str]:
    """Return the params that all files of a series agree in."""
    first = found[0]
    names = dict.fromkeys(name for one in found for name in one)
    differing = [name for name in names if any(one.get(name) != first.get(name) for one in found)]
    if differing:
        message = f"These params differ between the checkpoints and were left out: {listed(differing)}."
        notices.append(info("differing-params", source.path or ".", message))
    return {name: text for name, text in first.items() if name not in differing}


def _name(source: Source, content: Mapping[str, Any]) -> str:
    if source.handle:
        return source.handle.removeprefix(_MARK).replace("*", "").strip("-_. ") or "evaluation"
    folder, _, name = source.path.rpartition("/")
    model = content.get("model_name")
    found = _NEW_NAME.fullmatch(name)
    if found and isinstance(model, str) and model:
        return f"{model} {found['date']}"
    return f"{folder}/{name}".lstrip("/").removesuffix(".json")


def _code(source: Source, content: Mapping[str, Any]) -> CodeVersion | None:
    commit = content.get("git_hash")
    return CodeVersion(run_id=source.run_id, vcs="git", commit=commit) if isinstance(commit, str) else None
