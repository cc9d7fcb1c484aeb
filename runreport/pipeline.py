"""The stages in order, from a store to a site; with :mod:`runreport.ingestion` the only place that knows all of them.

``logs -> store -> frames -> analysis -> pages -> files -> site``
"""

import os
import platform
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from runreport import strict_json
from runreport.compare import analysis as analysing
from runreport.compare.analysis import analyse
from runreport.compare.comparison import Analysis, Comparison
from runreport.compare.groups import group_runs
from runreport.compare.names import matching_groups
from runreport.compare.targets import target_sentence
from runreport.config.load import load_settings
from runreport.config.options import Settings
from runreport.errors import StrictError, UnknownNameError
from runreport.execute import process_count, run_tasks
from runreport.frames.align import AlignedCurves, align
from runreport.frames.examples import with_examples
from runreport.frames.load import load_curves, load_experiments
from runreport.frames.select import matching_rows
from runreport.frames.values import ExperimentFrame
from runreport.ingestion import IngestResult, Report, ingest
from runreport.names import Severity
from runreport.notices import Notice
from runreport.pages.site import CurveSource, plan_site
from runreport.pages.surroundings import InputSource, Provenance
from runreport.readers import addresses
from runreport.render.site import FigureMap, NamedFigure, render_site
from runreport.render.theme import load_theme
from runreport.render.writer import write_site
from runreport.stats.words import counted
from runreport.store.expression import Query
from runreport.store.manifest import Store
from runreport.store.query import parse
from runreport.store.snapshot import Snapshot
from runreport.version import __version__

_LIBRARIES = ("jinja2", "markdown", "matplotlib", "networkx", "nh3", "numpy", "pandas", "pyarrow", "scipy")

_PARALLEL_FIGURES = 60  # below this, starting processes costs more than they save

Rows = Sequence[tuple[ExperimentFrame, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A pinned snapshot with its runs loaded for analysis; ``run_ids`` is None when it covers the whole store."""

    settings: Settings
    snapshot: Snapshot
    frames: tuple[ExperimentFrame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """A finished site: its first page, what it holds, and what was found on the way."""

    index: Path
    page_count: int
    size_bytes: int
    analysis: Analysis
    ingest: IngestResult | None

    def summary_lines(self) -> Iterator[str]:
        """Yield the result in words, the answers first."""
        if self.ingest is not None:
            yield from self.ingest.summary_lines()
        for experiment in self.analysis.experiments:
            yield f"{experiment.experiment}: {experiment.headline}"
            yield from (f"{experiment.experiment}, {one.name}: {target_sentence(one)}" for one in experiment.targets)
        yield f"{self.page_count} pages, {self.size_bytes / 1e6:.1f} MB"


def settings_for_store(store: Path | None, config: Path | None) -> Settings:
    """Return the settings in force for a command that reads a store."""
    return load_settings(config, overrides={"store": None if store is None else str(store)})


def open_study(settings: Settings, *, run_ids: Collection[str] | None = None) -> Study:
    """Pin the newest snapshot and load its runs, or only the given ones.

    Raises:
        StoreError: there is no store, or it is damaged.
        QueryError: the expression in ``runs.exclude`` does not parse.
    """
    snapshot = Store.open(Path(settings.store)).snapshot()
    frames = load_experiments(
        snapshot, seed_names=settings.groups.seed_names, exclude=_query(settings.runs.exclude), run_ids=run_ids
    )
    return Study(settings=settings, snapshot=snapshot, frames=frames)


def _with_examples(study: Study) -> Study:
    """Return a study that also knows the scores on single test examples, which only the pages show."""
    return replace(study, frames=tuple(with_examples(study.snapshot, frame) for frame in study.frames))


def matching_runs(frames: Sequence[ExperimentFrame], where: str) -> Rows:
    """Return (experiment, position) of the runs for which an expression holds; of all runs for an empty one.

    Raises:
        QueryError: the expression does not parse.
    """
    return tuple(matching_rows(frames, _query(where)))


def compare_groups(
    baseline: str,
    candidates: Sequence[str],
    settings: Settings | None = None,
    *,
    experiment: str = "",
    metrics: Sequence[str] = (),
) -> tuple[Comparison, ...]:
    """Compare groups of runs exactly as the pages do.

    Args:
        baseline: a group's name, or ``param=value,param=value``.
        candidates: one or more groups, likewise.
        settings: the settings in force; by default those of the current folder.
        experiment: the experiment; needed only when several have such groups.
        metrics: names that must exist; the result always holds all metrics.

    Raises:
        UnknownNameError: a group, experiment or metric does not exist, or fits several.
    """
    study = open_study(settings if settings is not None else load_settings())
    frame = _experiment_of(study, (baseline, *candidates), experiment)
    for metric in metrics:
        if metric not in frame.metrics:
            raise UnknownNameError.near("metric", metric, frame.metrics)
    return analysing.compare_groups(frame, study.settings, baseline, candidates)


def export(table: str, settings: Settings, *, where: str = "") -> pa.Table:
    """Return a table of the store, only rows of runs for which the expression holds.

    Raises:
        UnknownNameError: there is no such table.
        QueryError: the expression does not parse.
    """
    study = open_study(settings)
    if not where:
        return study.snapshot.table(table)
    run_ids = [frame.runs[row].run.run_id for frame, row in matching_runs(study.frames, where)]
    return study.snapshot.table(table, run_ids=run_ids)


def build(
    logs: Sequence[str | Path] = (),
    settings: Settings | None = None,
    *,
    keep_contexts: bool = False,
    is_strict: bool = False,
    report: Report | None = None,
) -> BuildResult:
    """Read run logs, compare their groups and write the site.

    Args:
        logs: folders or files; the report covers exactly the runs found there. None: everything in the store.
        settings: the settings in force; by default those of the current folder.
        keep_contexts: write what each page is made of as JSON beside it.
        is_strict: fail when there are warnings or errors to notice; nothing is written then.
        report: called with progress.

    Raises:
        RunreportError: see the classes in :mod:`runreport.errors`; an old site stays as it was.
    """
    settings = settings if settings is not None else load_settings()
    ingested = (
        ingest(logs, store=settings.store, sources=settings.sources, jobs=settings.jobs, report=report)
        if logs
        else None
    )
    study = _with_examples(open_study(settings, run_ids=ingested.run_ids if ingested else None))
    notices = ingested.notices if ingested else study.snapshot.notices()
    analysis = analyse(study.frames, settings, snapshot=study.snapshot.number, notices=notices)
    if is_strict:
        _check_strict(analysis.notices)
    theme = load_theme(settings.site.theme)
    pages = plan_site(
        analysis,
        study.frames,
        _curve_source(study),
        _provenance(study, logs, ingested),
        settings,
        kept=study.snapshot.blob,
    )
    files = render_site(pages, theme, keep_contexts=keep_contexts, map_figures=_figure_map(settings.jobs))
    written = write_site(_reported(files, report, len(pages)), Path(settings.out))
    return BuildResult(
        index=Path(settings.out) / "index.html",
        page_count=written.page_count,
        size_bytes=written.size_bytes,
        analysis=analysis,
        ingest=ingested,
    )


def _check_strict(notices: Sequence[Notice]) -> None:
    loud = [notice for notice in notices if notice.severity is not Severity.INFO]
    if loud:
        first = f"{loud[0].location}: {loud[0].message}"
        raise StrictError(f"{counted(len(loud), 'notice')} and --strict was given, first {first}")


def _curve_source(study: Study) -> CurveSource:
    runs = {frame.experiment: [facts.run.run_id for facts in frame.runs] for frame in study.frames}

    def curves(experiment: str, metric: str) -> AlignedCurves:
        return align(load_curves(study.snapshot, runs[experiment], metric))

    return curves


def _figure_map(jobs: int) -> FigureMap:
    def map_figures(draw: Callable[[NamedFigure], str], figures: Iterable[NamedFigure]) -> Iterator[str]:
        listed = tuple(figures)
        return run_tasks(draw, listed, jobs=process_count(jobs) if len(listed) >= _PARALLEL_FIGURES else 1)

    return map_figures


def _reported(
    files: Iterable[tuple[str, bytes]], report: Report | None, page_count: int
) -> Iterator[tuple[str, bytes]]:
    done = 0
    for name, content in files:
        yield name, content
        done += name.endswith(".html")
        if report is not None:
            report("writing pages", min(done, page_count), page_count)


def _provenance(study: Study, logs: Sequence[str | Path], ingested: IngestResult | None) -> Provenance:
    named = " ".join(_named(str(log)) for log in logs)
    return Provenance(
        version=__version__,
        python=platform.python_version(),
        libraries=tuple((library, version(library)) for library in _LIBRARIES),
        inputs=tuple(_inputs(study.frames)),
        command=f"runreport build {named}".strip(),
        ledger=ingested.ledger if ingested else study.snapshot.ledger,
        config=_changed_settings(study.settings),
        date=_date(study.frames),
    )


def _named(log: str) -> str:
    return addresses.shown(log) if addresses.is_address(log) else Path(log).name or log


def _inputs(frames: Sequence[ExperimentFrame]) -> Iterator[InputSource]:
    for frame in frames:
        readers = Counter(facts.run.reader for facts in frame.runs)
        for reader, runs in sorted(readers.items()):
            yield InputSource(label=frame.experiment, reader=reader, runs=runs)


def _changed_settings(settings: Settings) -> str:
    """Return the settings that differ from their defaults, without the folders of the machine."""
    changed = settings.model_dump(mode="json", exclude_defaults=True, exclude={"store", "out", "jobs"})
    return strict_json.dumps(changed) if changed else ""


def _date(frames: Sequence[ExperimentFrame]) -> datetime | None:
    """Return SOURCE_DATE_EPOCH, or when the newest run ended; never the clock."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        return datetime.fromtimestamp(int(epoch), tz=UTC)
    runs = [facts.run for frame in frames for facts in frame.runs]
    return max((moment for run in runs if (moment := run.ended or run.started)), default=None)


def _query(text: str) -> Query | None:
    return parse(text) if text else None


def _experiment_of(study: Study, names: Sequence[str], wanted: str) -> ExperimentFrame:
    """Return the experiment whose groups these are; the first name decides unless it fits several."""
    frames = [frame for frame in study.frames if not wanted or frame.experiment == wanted]
    if not frames:
        raise UnknownNameError.near("experiment", wanted, [frame.experiment for frame in study.frames])
    groups = {frame.experiment: group_runs(frame, study.settings.groups, _group_by(study, frame)) for frame in frames}
    fitting = frames
    for name in names:
        narrowed = [frame for frame in fitting if matching_groups(groups[frame.experiment], name)]
        if not narrowed:
            known = [group.name for frame in fitting for group in groups[frame.experiment]]
            raise UnknownNameError.near("group", name, known)
        fitting = narrowed
    if len(fitting) > 1:
        listed = ", ".join(frame.experiment for frame in fitting)
        raise UnknownNameError("Several experiments have such groups.", hint=f"Choose with --experiment: {listed}.")
    return fitting[0]


def _group_by(study: Study, frame: ExperimentFrame) -> tuple[str, ...]:
    own = study.settings.experiments.get(frame.experiment)
    return own.group_by if own is not None and own.group_by else study.settings.groups.by
