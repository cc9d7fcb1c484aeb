"""The whole analysis of a snapshot: pure, from frames and settings to one value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runreport.compare.associations import differ_at_all, sweep_associations
from runreport.compare.baseline import choose_baselines, opponents
from runreport.compare.cautions import crossed_names, experiment_cautions
from runreport.compare.comparison import Analysis, BaselineChoice, Comparison, Contrast, ExperimentAnalysis, Sweep
from runreport.compare.configured_names import check_names, unused_settings
from runreport.compare.confounds import find_confounds
from runreport.compare.contrasts import contrast_family
from runreport.compare.entities import Group, MetricDefinition, Sample
from runreport.compare.examples import MetricExamples, compare_on_examples, examples_sentence
from runreport.compare.groups import add_counts, compared_groups, count_runs, group_runs
from runreport.compare.headline import headline
from runreport.compare.metrics import MetricChoice, choose_metrics
from runreport.compare.names import find_group, matching_groups
from runreport.compare.over_tasks import TaskAnswer, answer_over_tasks, without_answer
from runreport.compare.plan import Plan, build_sweep, plan_comparisons
from runreport.compare.samples import collect_samples
from runreport.compare.targets import answer_targets, times_to_train
from runreport.compare.task_words import task_headline
from runreport.compare.tasks import TaskLayout, task_layout
from runreport.config.options import ExperimentOptions, Settings
from runreport.diff.runs import Side, diff_sides, read_side
from runreport.diff.sections import SECTIONS
from runreport.errors import UnknownNameError
from runreport.frames.values import ExperimentFrame, RunFacts
from runreport.lineage.graph import experiment_lineage
from runreport.names import content_hash, file_name
from runreport.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Experiment:
    """What is known before anything is compared."""

    frame: ExperimentFrame
    settings: Settings
    runs: Mapping[str, RunFacts]
    groups: tuple[Group, ...]
    positions: Mapping[str, int]
    layout: TaskLayout | None
    metrics: MetricChoice
    samples: Mapping[str, tuple[Sample, ...]]

    def sample(self, metric: str, group: Group) -> Sample:
        """Return the sample of a metric in a group."""
        return self.samples[metric][self.positions[group.group_id]]

    @property
    def primary(self) -> MetricDefinition | None:
        """The definition of the primary metric."""
        return next((one for one in self.metrics.definitions if one.is_primary), None)


def analyse(
    frames: tuple[ExperimentFrame, ...], settings: Settings, *, snapshot: int, notices: Iterable[Notice] = ()
) -> Analysis:
    """Return everything computed from one snapshot; the frames are all experiments of it.

    Raises:
        UnknownNameError: the general primary metric, baseline or a group key in the settings exists nowhere, or what is
            set for an experiment that is there does not exist in it.
        ConfigError: the settings ask for something that cannot be computed.
    """
    check_names(frames, settings)
    prepared = [_prepare(frame, settings) for frame in frames]
    _check_baseline(prepared, settings.comparisons.baseline)
    found = [*notices, *(notice for frame in frames for notice in frame.notices), *unused_settings(frames, settings)]
    return Analysis(
        snapshot=snapshot,
        experiments=tuple(map(_analyse_experiment, prepared)),
        counts=add_counts(count_runs(frame.runs) for frame in frames),
        notices=tuple(dict.fromkeys(found)),
    )


def compare_groups(
    frame: ExperimentFrame, settings: Settings, baseline_name: str, candidate_names: Sequence[str]
) -> tuple[Comparison, ...]:
    """Return the comparisons of chosen groups with a chosen baseline, computed exactly as for the pages.

    Groups are addressed by name or as ``param=value,param=value``. Where all of these are comparisons of the pages, the
    p-values are adjusted over as many as there; else over these candidates alone.

    Raises:
        UnknownNameError: an address fits no group, or several.
    """
    experiment = _prepare(frame, settings)
    eligible = compared_groups(experiment.groups)
    baseline = find_group(eligible, baseline_name)
    candidates = dict.fromkeys(find_group(eligible, name).group_id for name in candidate_names)
    by_id = {group.group_id: group for group in eligible}
    asked = [(baseline, by_id[group_id]) for group_id in candidates]
    planned = _plan(experiment)[1].pairs
    is_on_pages = {_ids(pair) for pair in asked} <= {_ids(pair) for pair in planned}
    return _comparisons(experiment, asked, planned if is_on_pages else asked)


def _ids(pair: tuple[Group, Group]) -> tuple[str, str]:
    return pair[0].group_id, pair[1].group_id


def _prepare(frame: ExperimentFrame, settings: Settings) -> _Experiment:
    options = settings.experiments.get(frame.experiment, ExperimentOptions())
    groups = group_runs(frame, settings.groups, options.group_by or settings.groups.by)
    metrics = choose_metrics(frame, settings)
    runs = {run.run.run_id: run for run in frame.runs}
    return _Experiment(
        frame=frame,
        settings=settings,
        runs=runs,
        groups=groups,
        layout=task_layout(groups, runs, settings.groups.task),
        positions={group.group_id: position for position, group in enumerate(groups)},
        metrics=metrics,
        samples=collect_samples(frame, groups, metrics.definitions, settings),
    )


def _check_baseline(experiments: Sequence[_Experiment], wanted: str) -> None:
    """Make sure the general baseline exists somewhere; it applies only where it does."""
    groups = [group for one in experiments for group in compared_groups(one.groups)]
    if wanted and not matching_groups(groups, wanted):
        raise UnknownNameError.near("group", wanted, (group.name for group in groups))


def _choose_baseline(experiment: _Experiment) -> BaselineChoice:
    settings = experiment.settings
    own = settings.experiments.get(experiment.frame.experiment, ExperimentOptions()).baseline
    general = settings.comparisons.baseline
    applies = general and matching_groups(compared_groups(experiment.groups), general)
    return choose_baselines(experiment.groups, experiment.runs, experiment.layout, own or (general if applies else ""))


def _plan(experiment: _Experiment) -> tuple[BaselineChoice, Plan]:
    """Return which groups are baselines and which pairs of groups are compared."""
    groups, layout = experiment.groups, experiment.layout
    choice = _choose_baseline(experiment)
    rivals = opponents(groups, choice, layout)
    limit = experiment.settings.comparisons.limit
    plan = plan_comparisons(groups, rivals, _logged_groups(experiment), limit=limit, has_tasks=layout is not None)
    return choice, plan


def _analyse_experiment(experiment: _Experiment) -> ExperimentAnalysis:
    primary, groups = experiment.primary, experiment.groups
    options = experiment.settings.comparisons
    choice, plan = _plan(experiment)
    comparisons = _comparisons(experiment, plan.pairs, plan.pairs)
    samples = experiment.samples[primary.metric] if primary else ()
    sweep = build_sweep(plan.sweep, samples, primary)
    counts = count_runs(experiment.frame.runs)
    by_group = {sample.group_id: sample for sample in samples}
    both_options = (experiment.settings.tasks, options)
    over_tasks = answer_over_tasks(experiment.layout, primary, by_group, choice.group_ids, both_options)
    examples = compare_on_examples(experiment.frame, groups, choice.group_ids, experiment.metrics.definitions, options)
    return ExperimentAnalysis(
        experiment=experiment.frame.experiment,
        counts=counts,
        metrics=experiment.metrics.definitions,
        primary_metric=experiment.metrics.primary,
        primary_rule=experiment.metrics.rule,
        groups=groups,
        samples=experiment.samples,
        baseline=choice,
        comparisons=comparisons,
        not_compared=plan.not_compared,
        sweep=sweep,
        headline=_headline(experiment, over_tasks, sweep, comparisons, examples),
        cautions=_experiment_cautions(experiment, comparisons),
        lineage=experiment_lineage(experiment.frame, groups),
        over_tasks=over_tasks,
        differ_at_all=_differ_at_all(experiment),
        associations=sweep_associations(sweep, experiment.runs, options.level),
        targets=answer_targets(
            experiment.settings.target, experiment.frame.experiment, experiment.metrics.definitions, experiment.samples
        ),
        times_to_train=times_to_train(compared_groups(groups), experiment.samples, experiment.runs),
        examples=examples,
    )


def _experiment_cautions(experiment: _Experiment, comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    crossed = "" if experiment.layout else crossed_names(compared_groups(experiment.groups))
    counts = count_runs(experiment.frame.runs)
    said = experiment_cautions(counts, experiment.primary, comparisons, experiment.samples)
    return (crossed, *said) if crossed and not experiment.settings.groups.task else said


def _differ_at_all(experiment: _Experiment) -> str:
    primary = experiment.primary
    if primary is None or experiment.layout is not None:
        return ""
    competing = {group.group_id for group in compared_groups(experiment.groups)}
    return differ_at_all(primary, [one for one in experiment.samples[primary.metric] if one.group_id in competing])


def _headline(
    experiment: _Experiment,
    over_tasks: TaskAnswer | None,
    sweep: Sweep | None,
    comparisons: Sequence[Comparison],
    examples: Sequence[MetricExamples],
) -> str:
    """Return the answer in one sentence, groups on different tasks never compete with each other.

    Where groups are compared, they are the answer; of single runs it is also said what their examples tell.
    """
    if over_tasks is not None:
        return task_headline(over_tasks)
    primary, layout = experiment.primary, experiment.layout
    if layout is not None:
        return without_answer(layout, primary)
    competing = {group.group_id for group in compared_groups(experiment.groups)}
    samples = [one for one in experiment.samples[primary.metric] if one.group_id in competing] if primary else []
    answer = headline(primary, samples, sweep, comparisons, experiment.settings.comparisons)
    said = examples_sentence(examples) if sweep is not None and not comparisons else ""
    return f"{answer} {said}".rstrip()


def _logged_groups(experiment: _Experiment) -> frozenset[str]:
    """Return the ids of the groups in which some run, whatever became of it, logged a metric."""
    columns = [column.count > 0 for column in experiment.frame.metrics.values()]
    runs = experiment.frame.runs
    logged = {runs[row].run.run_id for column in columns for row in column.nonzero()[0]}
    return frozenset(group.group_id for group in experiment.groups if any(run in logged for run in group.run_ids))


def _comparisons(
    experiment: _Experiment, pairs: Sequence[tuple[Group, Group]], family: Sequence[tuple[Group, Group]]
) -> tuple[Comparison, ...]:
    """Return the comparisons of pairs; their p-values are adjusted over a family that holds them."""
    contrasts = _contrasts(experiment, family)
    places = {_ids(pair): i for i, pair in enumerate(family)}
    sides = {baseline.group_id: _sides(experiment, baseline) for baseline, _ in pairs}
    return tuple(
        _comparison(
            experiment, pair, [of_metric[places[_ids(pair)]] for of_metric in contrasts], sides[pair[0].group_id]
        )
        for pair in pairs
    )


def _contrasts(experiment: _Experiment, pairs: Sequence[tuple[Group, Group]]) -> list[tuple[Contrast, ...]]:
    """Return for each metric one contrast per pair of baseline and candidate."""
    options = experiment.settings.comparisons
    return [
        contrast_family(
            metric,
            [(experiment.sample(metric.metric, a), experiment.sample(metric.metric, b)) for a, b in pairs],
            options,
        )
        for metric in experiment.metrics.definitions
    ]


def _shown_runs(experiment: _Experiment, group: Group) -> list[RunFacts]:
    """Return the runs a comparison is about: the comparable ones, or all when there is none."""
    return [experiment.runs[run_id] for run_id in group.comparable_run_ids or group.run_ids]


def _sides(experiment: _Experiment, group: Group) -> dict[str, Side]:
    runs = _shown_runs(experiment, group)
    return {section: read_side(group.name, runs, section) for section in SECTIONS}


def _comparison(
    experiment: _Experiment,
    pair: tuple[Group, Group],
    contrasts: Sequence[Contrast],
    baseline_sides: Mapping[str, Side],
) -> Comparison:
    baseline, candidate = pair
    options = experiment.settings.groups
    sides = _sides(experiment, candidate)
    ignore = (*options.ignore, *options.seed_names)
    diffs = {name: diff_sides(name, (baseline_sides[name], side), ignore) for name, side in sides.items()}
    runs = (_shown_runs(experiment, baseline), _shown_runs(experiment, candidate))
    name = f"{candidate.name} against {baseline.name}"
    return Comparison(
        comparison_id=file_name(name, content_hash(baseline.group_id, candidate.group_id)),
        experiment=experiment.frame.experiment,
        baseline=baseline,
        candidate=candidate,
        contrasts=tuple(contrasts),
        diffs=tuple(diffs.values()),
        confounds=find_confounds((baseline, candidate), runs, diffs),
        lineage=experiment_lineage(experiment.frame, (baseline, candidate)),
    )
