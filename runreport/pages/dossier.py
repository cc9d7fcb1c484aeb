"""What the pages of one experiment draw from: its analysis, its runs, and where every page lives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from runreport.compare.comparison import Comparison, Contrast, ExperimentAnalysis
from runreport.compare.entities import Group, MetricDefinition, Sample
from runreport.frames.values import ExperimentFrame, RunFacts
from runreport.names import Direction
from runreport.notices import Notice
from runreport.pages import urls
from runreport.pages.cells import link_cell, name
from runreport.pages.parts import Cell, Link, Tone
from runreport.pages.surroundings import Surroundings
from runreport.pages.words import metric_label


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """One experiment; lookups are made once and shared by its pages.

    Attributes:
        analysis: what was computed.
        frame: header facts and summaries of the runs.
        places: which runs have a page.
        notices: the notices of single runs.
        site: what surrounds every page.
        is_alone: whether the report has no other experiment.
    """

    analysis: ExperimentAnalysis
    frame: ExperimentFrame
    places: urls.RunPlaces
    notices: Mapping[str, tuple[Notice, ...]]
    site: Surroundings
    is_alone: bool

    @property
    def experiment(self) -> str:
        """Name of the experiment."""
        return self.analysis.experiment

    @property
    def url(self) -> str:
        """Address of the page that answers for the experiment."""
        return urls.OVERVIEW if self.is_alone else urls.experiment_url(self.experiment)

    @property
    def breadcrumbs(self) -> tuple[Link, ...]:
        """The pages above a page of the experiment."""
        overview = Link(label="Overview", url=urls.OVERVIEW)
        return (overview,) if self.is_alone else (overview, Link(label=name(self.experiment), url=self.url))

    @cached_property
    def runs(self) -> Mapping[str, RunFacts]:
        """The runs by id."""
        return {facts.run.run_id: facts for facts in self.frame.runs}

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The position of each run in the columns of the frame."""
        return {facts.run.run_id: position for position, facts in enumerate(self.frame.runs)}

    @cached_property
    def groups(self) -> Mapping[str, Group]:
        """The groups by id."""
        return {group.group_id: group for group in self.analysis.groups}

    @cached_property
    def colors(self) -> Mapping[str, int]:
        """The series colour of each group, the same in every figure."""
        return {group.group_id: position for position, group in enumerate(self.analysis.groups)}

    @cached_property
    def group_of(self) -> Mapping[str, Group]:
        """The group of each run."""
        return {run_id: group for group in self.analysis.groups for run_id in group.run_ids}

    @cached_property
    def definitions(self) -> Mapping[str, MetricDefinition]:
        """How each metric is read."""
        return {definition.metric: definition for definition in self.analysis.metrics}

    @cached_property
    def by_importance(self) -> tuple[MetricDefinition, ...]:
        """The primary metric, its kin (val/accuracy of test/accuracy), losses, what has a direction, the rest."""
        primary = self.analysis.primary_metric or ""

        def distance(definition: MetricDefinition) -> tuple[bool, ...]:
            metric = definition.metric
            is_kin = metric.rpartition("/")[2] == primary.rpartition("/")[2]
            has_direction = definition.direction is not Direction.UNKNOWN
            return metric != primary, not is_kin, "loss" not in metric.casefold(), not has_direction

        return tuple(sorted(self.analysis.metrics, key=distance))

    @cached_property
    def _contrasts(self) -> Mapping[tuple[str, str], Contrast]:
        return {
            (contrast.metric.metric, comparison.candidate.group_id): contrast
            for comparison in self.analysis.comparisons
            for contrast in comparison.contrasts
        }

    @property
    def primary(self) -> MetricDefinition | None:
        """The metric that is answered first."""
        return self.definitions.get(self.analysis.primary_metric or "")

    def contrast(self, metric: str, group_id: str) -> Contrast | None:
        """Return the contrast of a candidate on a metric, if it was compared."""
        return self._contrasts.get((metric, group_id))

    def samples(self, metric: str) -> tuple[Sample, ...]:
        """Return the samples of a metric, one per group."""
        return self.analysis.samples.get(metric, ())

    def is_sweep(self, group: Group) -> bool:
        """Whether the group is a single point of a sweep."""
        return self.analysis.sweep is not None and group.counts.total == 1

    def run_cell(self, run_id: str, *, note: str = "", tone: Tone = Tone.PLAIN) -> Cell:
        """Return a run's name, leading to its page."""
        facts = self.runs.get(run_id)
        label = facts.run.name if facts else run_id
        return link_cell(label or run_id, self.places[run_id], note=note, tone=tone)

    def group_cell(self, group: Group, *, note: str = "") -> Cell:
        """Return a group's name, leading to its page."""
        return link_cell(group.name, self.group_url(group), note=note)

    def group_url(self, group: Group) -> str:
        """Return the address of a group's page; the point of a sweep has none but that of its run."""
        if self.is_sweep(group):
            return self.places[group.run_ids[0]]
        return urls.group_url(self.experiment, group.group_id)

    def comparison_url(self, comparison: Comparison) -> str:
        """Return the address of a comparison's page."""
        return urls.comparison_url(self.experiment, comparison.comparison_id)

    def metric_cell(self, definition: MetricDefinition, *, note: str = "") -> Cell:
        """Return a metric's name, leading to its page."""
        return link_cell(metric_label(definition), urls.metric_url(self.experiment, definition.metric), note=note)

    def named_runs(self, run_ids: Iterable[str]) -> tuple[RunFacts, ...]:
        """Return those of the runs that are known, in the order given."""
        return tuple(self.runs[run_id] for run_id in run_ids if run_id in self.runs)
