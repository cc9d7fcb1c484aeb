"""The result of an analysis: the one value that pages, exports, command line and gate all show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runreport.compare.entities import Group, MetricDefinition, RunCounts, Sample
from runreport.compare.examples import MetricExamples
from runreport.compare.over_tasks import TaskAnswer
from runreport.diff.values import Diff
from runreport.lineage.graph import LineageGraph
from runreport.names import Verdict
from runreport.notices import Notice
from runreport.stats.association import Associations
from runreport.stats.equivalence import Equivalence
from runreport.stats.folds import FoldComparison
from runreport.stats.olympic import OlympicMean
from runreport.stats.paired import PairedRuns
from runreport.stats.plan import AnalysisPlan
from runreport.stats.target import AgainstTarget
from runreport.stats.types import Caution, Estimate, Refusal, TestResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Candidate minus baseline for one metric.

    ``plan`` says which test was taken and why; ``test``, ``delta`` and ``mde`` are of that test. ``unpaired`` and
    ``unpaired_delta`` are of all runs as independent groups, whatever the plan; ``paired`` and ``folds`` tell more of
    those designs. ``worst_case`` is the difference with every failed run counted as the worst value seen.
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
    unpaired_delta: Estimate | None = None
    worst_case: float | None = None
    paired: PairedRuns | None = None
    folds: FoldComparison | None = None
    equivalence: Equivalence | None = None
    cautions: tuple[Caution, ...] = ()


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
    sentence: which group is best on the primary metric and how sure that is. ``differ_at_all`` says whether three or
    more groups differ at all, ``associations`` how the params of a sweep go along with its metric. ``examples`` compares single runs
    on the same test examples, the primary metric first; it is empty where no two runs have any.
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
    differ_at_all: str = ""
    associations: Associations | None = None
    over_tasks: TaskAnswer | None = None
    targets: tuple[Target, ...] = ()
    times_to_train: tuple[TimeToTrain, ...] = ()
    examples: tuple[MetricExamples, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything computed from one snapshot of a store."""

    snapshot: int
    experiments: tuple[ExperimentAnalysis, ...]
    counts: RunCounts
    notices: tuple[Notice, ...]
