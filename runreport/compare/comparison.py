"""The result of an analysis: the one value that pages, exports, command line and gate all show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runreport.diff.values import Diff
from runreport.lineage.graph import LineageGraph
from runreport.names import Direction, DirectionSource, Reduction, Verdict
from runreport.notices import Notice
from runreport.stats.equivalence import Equivalence
from runreport.stats.folds import FoldComparison
from runreport.stats.olympic import OlympicMean
from runreport.stats.paired import PairedRuns
from runreport.stats.plan import AnalysisPlan
from runreport.stats.target import AgainstTarget
from runreport.stats.types import Description, Estimate, Refusal, TestResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """How many runs there are, by what became of them; they add up to ``total``."""

    total: int
    finished: int
    failed: int
    killed: int
    running: int
    unknown: int
    excluded: int

    @property
    def comparable(self) -> int:
        """Runs that may enter a mean."""
        return self.finished + self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Runs that differ only in seed and ignored keys.

    Attributes:
        group_id: stable and unique within the experiment; safe in a file name.
        name: the shortest set of params that tells the group apart, as ``param=value, param=value``.
        params: the param texts all runs of the group share (seed and ignored keys left out).
        run_ids: every run, also failed ones; ``comparable_run_ids`` those that may enter a mean.
        seeds: the distinct seeds of the comparable runs, ascending.
        is_ungrouped: runs that lack a key they should be grouped by; never compared.
        name_params: the params (or ``tags.NAME``) that make up the name, in its order.
        not_compared_reason: why this group is only counted, for example parent runs that hold nothing but children.
    """

    group_id: str
    name: str
    params: Mapping[str, str]
    run_ids: tuple[str, ...]
    comparable_run_ids: tuple[str, ...]
    counts: RunCounts
    seeds: tuple[int, ...]
    is_ungrouped: bool = False
    name_params: tuple[str, ...] = ()
    not_compared_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition:
    """How one metric is read in one experiment: direction and who said so, unit, and the reduction to one value.

    ``margin`` is the difference below which nothing matters, None where none was set; ``error_metric`` the metric that
    holds the standard errors of this one within a run, empty where there is none.
    """

    metric: str
    direction: Direction
    direction_source: DirectionSource
    reduction: Reduction
    unit: str = ""
    lower_bound: float | None = None
    upper_bound: float | None = None
    margin: float | None = None
    error_metric: str = ""
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The values of one metric in one group, and every run that did not give one.

    ``values`` are finite and in the order of ``run_ids``; ``seeds`` likewise (None where unknown).
    ``non_finite``: comparable runs whose value is NaN or infinite; ``missing``: comparable runs without the metric.
    ``infinite``: those of ``non_finite`` that diverged to infinity. ``units`` gives for each value the independent
    unit it belongs to: repeats of a seed share one and are averaged first, so ``description`` and ``mean`` count
    units, which are as many as values unless a seed was run again. ``folds`` names for each value the fold of a
    cross-validation, empty where it is none. ``ended_early`` are runs whose last step lies far before that of the
    others of the group.
    """

    group_id: str
    group_name: str
    run_ids: tuple[str, ...]
    seeds: tuple[int | None, ...]
    values: tuple[float, ...]
    description: Description
    mean: Estimate | None
    non_finite: tuple[str, ...]
    missing: tuple[str, ...]
    counts: RunCounts
    infinite: tuple[str, ...] = ()
    units: tuple[int, ...] = ()
    folds: tuple[str, ...] = ()
    ended_early: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Candidate minus baseline for one metric.

    ``plan`` says which test was taken and why; ``test``, ``delta`` and ``mde`` are of that test. ``unpaired`` is Welch's test of all runs
    as independent groups, whatever the plan; ``paired`` and ``folds`` tell more of those designs.
    ``delta`` is in metric units, ``delta_percent`` in percent of the baseline's mean (None when that mean may be 0).
    ``mde`` is the smallest difference found with 80 % power, in metric units, ``mde_sd`` in pooled sd.
    ``family_size`` counts the contrasts that ``p_adjusted`` is adjusted over. ``reason`` is the sentence behind the
    verdict, ``cautions`` what to be careful about (few seeds, collapsed seeds, failed runs).
    """

    metric: MetricDefinition
    baseline: Sample
    candidate: Sample
    plan: AnalysisPlan
    delta: Estimate | None
    delta_percent: float | None
    test: TestResult | None
    p_adjusted: float | None
    adjustment: str
    family_size: int
    hedges_g: Estimate | None
    prob_superiority: float | None
    mde: float | None
    mde_sd: float | None
    level: float
    verdict: Verdict
    reason: str
    unpaired: TestResult | None = None
    paired: PairedRuns | None = None
    folds: FoldComparison | None = None
    equivalence: Equivalence | None = None
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAnswer:
    """One group against a target."""

    sample: Sample
    answer: AgainstTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A value that the mean of a metric must be below or above (``side``), and how every group stands to it."""

    target_id: str
    name: str
    metric: MetricDefinition
    side: str
    value: float
    alpha: float
    plan: AnalysisPlan
    answers: tuple[TargetAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToTrain:
    """The MLPerf score of a group in minutes: the mean without the ``dropped`` fastest and slowest runs, scaled."""

    group_id: str
    scale: float
    dropped: int
    score: OlympicMean | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Confound:
    """Something beside the compared setting that differs and could explain a verdict."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One candidate against the baseline: every metric, every difference, every confound, and where both came from."""

    comparison_id: str
    experiment: str
    baseline: Group
    candidate: Group
    contrasts: tuple[Contrast, ...]
    diffs: tuple[Diff, ...]
    confounds: tuple[Confound, ...]
    lineage: LineageGraph = field(default_factory=LineageGraph)

    @property
    def primary(self) -> Contrast | None:
        """The contrast on the primary metric."""
        return next((contrast for contrast in self.contrasts if contrast.metric.is_primary), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineChoice:
    """Which groups are baselines, and by which rule (a sentence).

    There is one, or one for each task, or none at all.
    """

    group_ids: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCompared:
    """A group that has no comparison page, and the reason in a sentence."""

    group_id: str
    group_name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRow:
    """One run of a sweep; ``rank`` is None where the value is missing or not finite."""

    rank: int | None
    run_id: str
    group_id: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Groups of one run each: ranked on the primary metric; no pairwise verdicts. ``params`` are those that vary."""

    metric: MetricDefinition
    params: tuple[str, ...]
    rows: tuple[SweepRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentAnalysis:
    """Everything computed about one experiment.

    ``samples`` holds for each metric one sample per group, in group order. ``headline`` is the answer in one
    sentence: which group is best on the primary metric and how sure that is.
    """

    experiment: str
    counts: RunCounts
    metrics: tuple[MetricDefinition, ...]
    primary_metric: str | None
    primary_rule: str
    groups: tuple[Group, ...]
    samples: Mapping[str, tuple[Sample, ...]]
    baseline: BaselineChoice
    comparisons: tuple[Comparison, ...]
    not_compared: tuple[NotCompared, ...]
    sweep: Sweep | None
    headline: str
    cautions: tuple[str, ...]
    lineage: LineageGraph
    targets: tuple[Target, ...] = ()
    times_to_train: tuple[TimeToTrain, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything computed from one snapshot of a store."""

    snapshot: int
    experiments: tuple[ExperimentAnalysis, ...]
    counts: RunCounts
    notices: tuple[Notice, ...]
