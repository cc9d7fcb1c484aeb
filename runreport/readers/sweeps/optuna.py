"""Trials of Optuna, from its SQLite storage or its journal. A study is an experiment, a trial a run.

- A trial is ``finished`` when Optuna says COMPLETE, ``killed`` when it was PRUNED, ``failed`` for FAIL, and ``running``
  when it is RUNNING or WAITING; the tag ``state`` keeps Optuna's word.
- The values of the objectives are one point each, ``value`` or the names the study gives them; what the trial reported
  while it ran are the points of ``intermediate_value``.
- Attributes become tags; those of the study begin with ``study.``, those that Optuna itself sets with ``system.``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar

from runreport.errors import ReadError
from runreport.formats.files import suffix_of
from runreport.formats.sqlite import COMPANIONS, MAGIC, is_sqlite, open_database
from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each
from runreport.readers.common.series import RunPoints
from runreport.readers.sweeps import optuna_sqlite
from runreport.readers.sweeps.optuna_journal import MARKS, read_journal
from runreport.readers.sweeps.optuna_trials import TOOL, Study, Trial, facts, fingerprint, run_id

_DATABASES = frozenset({"", ".db", ".sqlite", ".sqlite3"})
_JOURNALS = frozenset({".log", ".journal", ".jsonl"})
_TELLING_NAME = re.compile(r"optuna|journal", re.IGNORECASE)
_PEEK_BYTES = 1024
_SCHEMA_BYTES = 262_144
_SCHEMA_MARK = b"study_directions"
_GROUP = 400


class OptunaReader:
    """Reads Optuna's SQLite and journal storages."""

    name: ClassVar[str] = TOOL
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Optuna SQLite storage: studies, trials, params, values, with or without its -wal",
        "Optuna journal storage (`JournalFileBackend`)",
    )

    def match(self, location: Location) -> Match | None:
        """Say which files are databases with Optuna's tables, or journals of it.

        Raises:
            ReadError: there is nothing but a damaged database of Optuna.
        """
        found: dict[str, str] = {}
        damaged: ReadError | None = None
        for name in location.files:
            try:
                kind = _kind(location, name)
            except ReadError as problem:
                damaged = problem
                continue
            if kind:
                found[name] = kind
        if damaged is not None and not found:
            raise damaged
        if not found:
            return None
        beside = {name + suffix for name in found for suffix in COMPANIONS} & set(location.files)
        first = min(found)
        return Match(certainty=Certainty.SURE, reason=f"{first} is {found[first]}", takes=frozenset({*found, *beside}))

    def scan(self, location: Location, match: Match) -> Scan:
        """List the trials by storage, study and number."""
        sources: list[Source] = []
        notices: list[Notice] = []
        for name in location.files:
            if (match.takes is None or name in match.takes) and not name.endswith(COMPANIONS):
                try:
                    sources += _sources(location, location.child(name), notices)
                except (ReadError, OSError) as problem:
                    notices.append(_unread(location.child(name), problem))
        return Scan(sources=tuple(sources), notices=tuple(notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read trials, some hundred at a time.

        Raises:
            ReadError: a storage cannot be read.
        """
        for path in dict.fromkeys(source.path for source in sources):
            own = [source for source in sources if source.path == path]
            if is_sqlite(location.inside(path)):
                yield from self._of_database(location, path, own)
            else:
                try:
                    journal = read_journal(location.inside(path), path)
                except OSError as problem:
                    sentence = f"The journal cannot be read: {problem.strerror}."
                    raise ReadError(sentence) from problem
                yield from read_each(self, location, own, partial(_read_trial, journal.studies, journal.trials))

    def _of_database(self, location: Location, path: str, sources: Sequence[Source]) -> Iterator[RunBatch]:
        with open_database(location.inside(path)) as database:
            studies = optuna_sqlite.studies(database)
            for start in range(0, len(sources), _GROUP):
                group = sources[start : start + _GROUP]
                trials = optuna_sqlite.whole_trials(database, [source.handle[1:] for source in group])
                yield from read_each(self, location, group, partial(_read_trial, studies, trials))


def _kind(location: Location, name: str) -> str:
    """Say in words what a file of Optuna is; empty when it is none.

    Raises:
        ReadError: it is a database that has the words of Optuna's tables in it and cannot be opened.
    """
    suffix = suffix_of(name)
    if suffix not in _DATABASES | _JOURNALS and not _TELLING_NAME.search(name) and len(location.files) > 1:
        return ""
    start = location.head(name, _PEEK_BYTES)
    if all(mark in start for mark in MARKS) and start.startswith(b"{"):
        return "a journal of Optuna"
    if not start.startswith(MAGIC):
        return ""
    try:
        with open_database(location.inside(location.child(name))) as database:
            return (
                "a SQLite database with the tables of Optuna" if database.columns.keys() >= optuna_sqlite.TABLES else ""
            )
    except ReadError:
        if _SCHEMA_MARK in location.head(name, _SCHEMA_BYTES):
            raise
        return ""


def _sources(location: Location, path: str, notices: list[Notice]) -> list[Source]:
    if is_sqlite(location.inside(path)):
        with open_database(location.inside(path)) as database:
            studies, trials = optuna_sqlite.studies(database), optuna_sqlite.trials(database)
    else:
        journal = read_journal(location.inside(path), path)
        studies, trials = journal.studies, journal.trials
        notices += journal.notices
    files = [file for file in (path, f"{path}-wal") if (location.root / file).is_file()]
    stats = [location.inside(file).stat() for file in files]
    stamps = [f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file, stat in zip(files, stats, strict=True)]
    size_bytes = sum(stat.st_size for stat in stats) // max(len(trials), 1)
    digests = {key: study.digest() for key, study in studies.items()}
    kept = {key: trial for key, trial in trials.items() if trial.study in studies}
    used = {trial.study for trial in kept.values()}
    notices += [_empty(path, study.name) for key, study in studies.items() if key not in used]
    return [
        Source(
            run_id=run_id(studies[trial.study], f"{location.label}/{path}", trial.number),
            path=path,
            files=tuple(files),
            handle=f"#{key}",
            fingerprint=fingerprint(digests[trial.study], trial, stamps),
            size_bytes=size_bytes,
        )
        for key, trial in sorted(kept.items(), key=lambda item: (item[1].study, item[1].number))
    ]


def _read_trial(
    studies: Mapping[int, Study], trials: Mapping[int, Trial], location: Location, source: Source, points: RunPoints
) -> RunFacts:
    trial = trials.get(int(source.handle[1:]))
    study = studies.get(trial.study) if trial else None
    if trial is None or study is None:
        raise ReadError("The trial was removed while it was read.")
    return facts(study, trial, source, f"{location.label}/{source.path}", points)


def _empty(path: str, name: str) -> Notice:
    message = f"The study {name!r} has no trials."
    return Notice(severity=Severity.INFO, code="empty-study", location=path, message=message)


def _unread(path: str, problem: ReadError | OSError) -> Notice:
    reason = problem.sentence if isinstance(problem, ReadError) else f"It cannot be opened: {problem.strerror}."
    return Notice(severity=Severity.ERROR, code="unread-storage", location=path, message=reason)
