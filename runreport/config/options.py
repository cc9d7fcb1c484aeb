"""Every option, declared once: its default, its type and its help text.

The same declarations feed runreport.toml, the command line, the JSON Schema and the reference documentation.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from runreport.config.regexes import checked_metric_regex, checked_regex
from runreport.names import Direction, Reduction

SEED_NAMES = ("seed", "random_seed", "random_state", "rng_seed", "random-seed", "manual_seed", "global_seed")
IGNORED_KEYS = (
    "*seed*",
    "random_state",
    "run_name",
    "run_id",
    "name",
    "exp_name",
    "experiment_name",
    "*output_dir*",
    "*output_folder*",
    "*out_dir*",
    "*log_dir*",
    "*logdir*",
    "*save_dir*",
    "*checkpoint_dir*",
    "*work_dir*",
    "host",
    "hostname",
    "*date*",
    "*timestamp*",
    "start_time",
    "*created_at*",
)

FOLD_NAMES = ("fold", "cv_fold", "fold_id", "fold_index", "kfold")
NO_TASKS = "none"
"""Setting of ``groups.task`` that says there are no tasks, whatever params are called."""

TEXT_PATTERNS = ("key-value", "python-logging", "nnunet")
"""Names of the ready patterns for text logs."""


def _ready_pattern(name: str) -> str:
    if name and name not in TEXT_PATTERNS:
        raise ValueError(f"there is no such ready pattern; there are: {', '.join(TEXT_PATTERNS)}")
    return name


_Regex = Annotated[str, AfterValidator(checked_regex)]
_MetricRegex = Annotated[str, AfterValidator(checked_metric_regex)]


class Options(BaseModel):
    """Base of all option tables: frozen, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RunOptions(Options):
    """Which runs take part."""

    exclude: Annotated[str, Field(description="Runs for which this expression holds are left out of every mean.")] = ""


class GroupOptions(Options):
    """How runs become groups over seeds."""

    by: Annotated[
        tuple[str, ...],
        Field(description="Params (or tags.NAME) to group by; empty: all params but the seed and the ignored keys."),
    ] = ()
    ignore: Annotated[
        tuple[str, ...],
        Field(description="Params that never tell groups apart, as patterns (* and ?), compared without case."),
    ] = IGNORED_KEYS
    seed_names: Annotated[
        tuple[str, ...],
        Field(description="Names of the param that holds the seed; also matched as the last part of a dotted name."),
    ] = SEED_NAMES
    fold_names: Annotated[
        tuple[str, ...],
        Field(description="Names of the param that holds the fold of a cross-validation; likewise."),
    ] = FOLD_NAMES
    task: Annotated[
        str,
        Field(
            description="Param (or tags.NAME) that names the task when methods are run on several; empty: a param "
            "named task, env or the like; none: there are no tasks."
        ),
    ] = ""

    @property
    def has_task(self) -> bool:
        """Whether a key for tasks is configured."""
        return self.task not in {"", NO_TASKS}


class ComparisonOptions(Options):
    """What is compared with what."""

    baseline: Annotated[
        str, Field(description="The group all others are compared with: its name, or param=value,param=value.")
    ] = ""
    limit: Annotated[int, Field(ge=1, description="At most this many comparison pages; the rest is listed.")] = 50
    level: Annotated[float, Field(gt=0.5, lt=1, description="Level of every confidence interval.")] = 0.95
    alpha: Annotated[float, Field(gt=0, lt=0.5, description="A difference is clear when its adjusted p is below.")] = (
        0.05
    )


class MetricOptions(Options):
    """How one metric is read."""

    direction: Annotated[Direction | None, Field(description="Which way the metric improves: up or down.")] = None
    reduction: Annotated[
        Reduction | None,
        Field(description="How the points of a run become one value: last, best, min, max or tail_mean."),
    ] = None
    unit: Annotated[str, Field(description="Unit shown beside the metric's name.")] = ""
    lower_bound: Annotated[float | None, Field(description="Smallest possible value.")] = None
    upper_bound: Annotated[float | None, Field(description="Largest possible value.")] = None
    margin: Annotated[
        float | None,
        Field(gt=0, description="Differences smaller than this do not matter; groups can then be called equivalent."),
    ] = None


class MetricsOptions(Options):
    """Which metric matters and how points become values."""

    primary: Annotated[str, Field(description="The metric that the overview answers first.")] = ""
    reduction: Annotated[Reduction, Field(description="Default way in which the points of a run become one value.")] = (
        Reduction.LAST
    )
    by_name: Annotated[
        dict[str, MetricOptions],
        Field(description="Settings of single metrics, for example metrics.by_name.'val/acc'."),
    ] = {}


class ReferenceOptions(Options):
    """Two scores of a task that give its scale, for example those of a random and of a human player."""

    low: Annotated[float, Field(description="The score that becomes 0.")]
    high: Annotated[float, Field(description="The score that becomes 1.")]


class TaskOptions(Options):
    """How the scores of different tasks become comparable; without it tasks are ranked and not averaged."""

    normalise: Annotated[
        Literal["", "minmax", "reference", "none"],
        Field(
            description="minmax: by the smallest and largest value of a task; reference: by reference scores; none: the "
            "metric has the same scale on every task; empty: by reference scores where there are any."
        ),
    ] = ""
    reference_file: Annotated[
        str, Field(description="CSV file with columns task, low and high: scores that become 0 and 1.")
    ] = ""
    reference: Annotated[
        dict[str, ReferenceOptions], Field(description="Reference scores of single tasks; they win over the file.")
    ] = {}


class TargetOptions(Options):
    """A value that the mean of every group is tested against."""

    metric: Annotated[str, Field(min_length=1, description="The metric.")]
    above: Annotated[float | None, Field(description="The mean must be above this.")] = None
    below: Annotated[float | None, Field(description="The mean must be below this.")] = None
    alpha: Annotated[float, Field(gt=0, lt=0.5, description="The target is met when the one-sided p is below.")] = 0.05
    experiment: Annotated[str, Field(description="Only in this experiment; empty: wherever the metric is.")] = ""

    @model_validator(mode="after")
    def _has_one_side(self) -> Self:
        if (self.above is None) is (self.below is None):
            raise ValueError("a target needs either above or below, and not both")
        return self


class ExperimentOptions(Options):
    """Settings of one experiment; they win over the general ones."""

    baseline: Annotated[str, Field(description="Baseline group of this experiment.")] = ""
    primary: Annotated[str, Field(description="Primary metric of this experiment.")] = ""
    group_by: Annotated[tuple[str, ...], Field(description="Params to group this experiment's runs by.")] = ()


class SourceOptions(Options):
    """How files are read that a reader would not recognise, or would take for something else."""

    path: Annotated[
        str, Field(min_length=1, description="Files this is about: a pattern (* and ?) for the path, or for its end.")
    ]
    reader: Annotated[str, Field(description="The only reader for these files; empty: whichever recognises them.")] = ""
    step: Annotated[str, Field(description="Tables: the column that holds the step.")] = ""
    time: Annotated[str, Field(description="Tables: the column that holds the time.")] = ""
    run: Annotated[str, Field(description="Tables: the column that tells runs apart.")] = ""
    seed: Annotated[str, Field(description="Tables: the column that holds the seed.")] = ""
    metric: Annotated[str, Field(description="Long tables: the column that names the metric.")] = ""
    value: Annotated[str, Field(description="Long tables: the column that holds its value.")] = ""
    metrics: Annotated[
        tuple[str, ...], Field(description="Wide tables: the columns that are metrics; empty: all of numbers.")
    ] = ()
    params: Annotated[tuple[str, ...], Field(description="Tables: the columns that are params of the run.")] = ()
    pattern: Annotated[
        str,
        AfterValidator(_ready_pattern),
        Field(description="Text logs: a ready pattern: key-value, python-logging or nnunet; empty: those below."),
    ] = ""
    metric_patterns: Annotated[
        tuple[_MetricRegex, ...],
        Field(description="Text logs: regular expressions whose named groups are step, epoch, time and metrics."),
    ] = ()
    param_patterns: Annotated[
        tuple[_MetricRegex, ...],
        Field(description="Text logs: regular expressions whose named groups are params."),
    ] = ()
    finished_pattern: Annotated[
        _Regex, Field(description="Text logs: a line that holds this says that the run finished.")
    ] = ""
    failed_pattern: Annotated[_Regex, Field(description="Text logs: a line that holds this says that it failed.")] = ""


class SiteOptions(Options):
    """What the pages look like."""

    title: Annotated[str, Field(description="Title of the report.")] = "Run report"
    description: Annotated[str, Field(description="Markdown shown at the top of the overview.")] = ""
    theme: Annotated[str, Field(description="Name of a theme, or the path of a theme folder.")] = "default"
    run_pages: Annotated[int, Field(ge=0, description="Up to this many runs, each has a page of its own.")] = 500


class Settings(Options):
    """The whole of runreport.toml."""

    store: Annotated[str, Field(description="Folder of the Parquet store.")] = ".runreport"
    out: Annotated[str, Field(description="Folder the site is written to.")] = "site"
    jobs: Annotated[int, Field(ge=0, description="Processes used for reading; 0: one per core.")] = 0
    sources: Annotated[
        tuple[SourceOptions, ...], Field(description="How single files are read; the first that fits counts.")
    ] = ()
    runs: RunOptions = RunOptions()
    groups: GroupOptions = GroupOptions()
    comparisons: ComparisonOptions = ComparisonOptions()
    metrics: MetricsOptions = MetricsOptions()
    tasks: TaskOptions = TaskOptions()
    target: Annotated[
        tuple[TargetOptions, ...], Field(description="Values that the means of groups must be above or below.")
    ] = ()
    experiments: Annotated[
        dict[str, ExperimentOptions], Field(description="Settings of single experiments by name.")
    ] = {}
    site: SiteOptions = SiteOptions()


TABLES_OF_MANY: Mapping[str, type[Options]] = MappingProxyType(
    {
        "metrics.by_name.NAME": MetricOptions,
        "experiments.NAME": ExperimentOptions,
        "tasks.reference.NAME": ReferenceOptions,
        "target": TargetOptions,
        "sources": SourceOptions,
    }
)
"""Tables of which there may be any number: one for each name, or as a list. They have no environment variables."""
