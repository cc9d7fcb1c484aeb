"""The plan of a site: every page with its address, its template and what it is made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from runreport.compare.comparison import Analysis
from runreport.compare.entities import Group
from runreport.config.options import Settings
from runreport.frames.align import AlignedCurves
from runreport.frames.values import ExperimentFrame
from runreport.notices import Notice
from runreport.pages import words
from runreport.pages.about import about_page, not_found_page
from runreport.pages.comparison import comparison_page
from runreport.pages.contexts import TEMPLATES, Context, RunPage
from runreport.pages.dossier import Dossier
from runreport.pages.experiment import experiment_page
from runreport.pages.figures import curve_figure, run_curve
from runreport.pages.group import group_page
from runreport.pages.lineage import lineage_page
from runreport.pages.media import KeptBytes, PictureRoom, logged_media, no_bytes
from runreport.pages.metric import metric_page
from runreport.pages.notices import notices_page
from runreport.pages.overview import overview_page
from runreport.pages.parts import FigureBlock, Table
from runreport.pages.peaks import peak_table
from runreport.pages.places import run_places
from runreport.pages.run import run_page
from runreport.pages.runs import runs_pages
from runreport.pages.surroundings import Provenance, Surroundings
from runreport.pages.sweep import sweep_page
from runreport.pages.target import target_page
from runreport.pages.tasks import tasks_page
from runreport.pages.terms import reading_page
from runreport.stats.words import counted

CurveSource = Callable[[str, str], AlignedCurves]
"""Gives the curves of (experiment, metric); asked once for each, so that one metric is in memory at a time."""

_RUN_CURVES = 2
_TEMPLATE_OF = {context: template for template, context in TEMPLATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """A file beside the pages: its address from the root of the site, and where its bytes come from."""

    url: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its address from the root of the site, the template that sets it, its content, and files it shows."""

    url: str
    template: str
    context: Context
    files: tuple[SiteFile, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class _Curves:
    """What the curves of an experiment show: by metric, comparison, group and run."""

    metrics: dict[str, FigureBlock | None] = field(default_factory=dict)
    peaks: dict[str, Table | None] = field(default_factory=dict)
    comparisons: dict[str, FigureBlock | None] = field(default_factory=dict)
    groups: dict[str, FigureBlock | None] = field(default_factory=dict)
    runs: dict[str, tuple[FigureBlock, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MediaSource:
    """Where the bytes of pictures, texts and histograms come from, and how many pictures the site still takes."""

    kept: KeptBytes
    room: PictureRoom


def plan_site(  # noqa: PLR0913 - each is another source of what pages show
    analysis: Analysis,
    frames: Sequence[ExperimentFrame],
    curves: CurveSource,
    provenance: Provenance,
    settings: Settings,
    *,
    kept: KeptBytes = no_bytes,
) -> tuple[Page, ...]:
    """Return every page of the site in a stable order, the overview first.

    Args:
        analysis: what was computed; its experiments have their frame in ``frames``.
        frames: header facts and summaries of the runs.
        curves: the points of one metric of one experiment on a common grid.
        provenance: how the report is being made.
        settings: what was configured.
        kept: the bytes of artifacts that the store keeps.
    """
    room = PictureRoom()
    site = _surroundings(analysis, provenance, settings)
    dossiers = _dossiers(site, analysis, frames, settings)
    contexts: list[Context] = [
        overview_page(site, analysis, dossiers, settings),
        *runs_pages(site, dossiers),
        *(
            page
            for dossier in dossiers
            for page in _experiment_pages(dossier, curves, settings, _MediaSource(kept=kept, room=room))
        ),
        lineage_page(site, dossiers),
        notices_page(site, dossiers, analysis.notices, provenance.ledger),
        reading_page(site),
        about_page(site, analysis, provenance, settings),
        not_found_page(site),
    ]
    return tuple(_page(context, kept) for context in contexts)


def _page(context: Context, kept: KeptBytes) -> Page:
    media = context.media if isinstance(context, RunPage) else None
    pictures = [one for group in (media.pictures if media else ()) for one in group.pictures]
    return Page(
        url=context.frame.url,
        template=_TEMPLATE_OF[type(context)],
        context=context,
        files=tuple(SiteFile(url=one.url, read=partial(kept, one.digest)) for one in pictures),
    )


def _surroundings(analysis: Analysis, provenance: Provenance, settings: Settings) -> Surroundings:
    noticed = counted(len(analysis.notices), "notice") if analysis.notices else "no notices"
    return Surroundings(
        site_title=settings.site.title,
        ledger=f"{words.runs_ledger(analysis.counts)}; {noticed}.",
        generator=f"runreport {provenance.version}",
        date=provenance.date,
    )


def _dossiers(
    site: Surroundings, analysis: Analysis, frames: Sequence[ExperimentFrame], settings: Settings
) -> tuple[Dossier, ...]:
    by_name = {frame.experiment: frame for frame in frames}
    places = run_places(analysis, frames, limit=settings.site.run_pages)
    notices = _notices_by_run(analysis.notices)
    return tuple(
        Dossier(
            analysis=experiment,
            frame=by_name[experiment.experiment],
            places=places,
            notices=notices,
            site=site,
            is_alone=len(analysis.experiments) == 1,
        )
        for experiment in analysis.experiments
    )


def _notices_by_run(notices: Iterable[Notice]) -> Mapping[str, tuple[Notice, ...]]:
    found: dict[str, tuple[Notice, ...]] = {}
    for notice in notices:
        if notice.run_id:
            found[notice.run_id] = (*found.get(notice.run_id, ()), notice)
    return found


def _experiment_pages(
    dossier: Dossier, source: CurveSource, settings: Settings, media: _MediaSource
) -> Iterator[Context]:
    curves = _curves(dossier, source, settings.comparisons.level)
    if not dossier.is_alone:
        yield experiment_page(dossier)
    for comparison in dossier.analysis.comparisons:
        yield comparison_page(dossier, comparison, curves.comparisons.get(comparison.comparison_id))
    for group in _proper_groups(dossier):
        yield group_page(dossier, group, curves.groups.get(group.group_id))
    if dossier.analysis.over_tasks is not None:
        yield tasks_page(dossier, dossier.analysis.over_tasks)
    for target in dossier.analysis.targets:
        yield target_page(dossier, target)
    for definition in dossier.analysis.metrics:
        metric = definition.metric
        yield metric_page(dossier, definition, curves.metrics.get(metric), curves.peaks.get(metric))
    sweep = dossier.analysis.sweep and sweep_page(dossier, dossier.analysis.sweep)
    if sweep:
        yield sweep
    for run_id, facts in dossier.runs.items():
        if dossier.places[run_id]:
            logged = logged_media(facts.artifacts, media.kept, media.room)
            yield run_page(dossier, run_id, curves.runs.get(run_id, ()), logged)


def _proper_groups(dossier: Dossier) -> tuple[Group, ...]:
    return tuple(group for group in dossier.analysis.groups if not dossier.is_sweep(group))


def _curves(dossier: Dossier, source: CurveSource, level: float) -> _Curves:
    """Every curve figure of the experiment, one metric after the other."""
    found = _Curves()
    for rank, metric in enumerate(_with_curves(dossier)):
        curves = source(dossier.experiment, metric)
        found.metrics[metric] = curve_figure(dossier, curves, _curve_groups(dossier), metric, level=level)
        found.peaks[metric] = peak_table(dossier, curves, _proper_groups(dossier), dossier.definitions[metric])
        if rank == 0:
            _add_groups(found, dossier, curves, metric, level)
        if rank < _RUN_CURVES:
            _add_runs(found, dossier, curves, metric, rank)
    return found


def _with_curves(dossier: Dossier) -> list[str]:
    """Metrics that some run logged more than once, those that matter most first."""
    columns = dossier.frame.metrics
    names = (definition.metric for definition in dossier.by_importance)
    return [metric for metric in names if metric in columns and (columns[metric].count > 1).any()]


def _curve_groups(dossier: Dossier) -> tuple[Group, ...]:
    """Groups of several runs; an experiment that has none shows what it has."""
    return _proper_groups(dossier) or dossier.analysis.groups


def _add_groups(found: _Curves, dossier: Dossier, curves: AlignedCurves, metric: str, level: float) -> None:
    for comparison in dossier.analysis.comparisons:
        sides = (comparison.candidate, comparison.baseline)
        found.comparisons[comparison.comparison_id] = curve_figure(dossier, curves, sides, metric, level=level)
    for group in _proper_groups(dossier):
        found.groups[group.group_id] = curve_figure(dossier, curves, (group,), metric, level=level)


def _add_runs(found: _Curves, dossier: Dossier, curves: AlignedCurves, metric: str, rank: int) -> None:
    for run_id in dossier.runs:
        figure = run_curve(dossier, curves, run_id, metric, rank + 1) if dossier.places[run_id] else None
        if figure is not None:
            found.runs[run_id] = (*found.runs.get(run_id, ()), figure)
