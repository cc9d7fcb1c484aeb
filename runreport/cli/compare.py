"""``runreport compare``: candidates against a baseline."""

from typing import Annotated

import typer

from runreport.cli.output import print_comparisons
from runreport.cli.parameters import Config, ResultFormat, Store


def command(
    baseline: Annotated[str, typer.Argument(metavar="BASELINE", help="A group's name, or param=value,param=value.")],
    candidates: Annotated[list[str], typer.Argument(metavar="CANDIDATE", help="One or more groups, likewise.")],
    *,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="M", help="Only this metric; may be repeated.", show_default="all")
    ] = None,
    experiment: Annotated[
        str, typer.Option(metavar="NAME", help="The experiment, when the groups' names are not enough to tell.")
    ] = "",
    format_: Annotated[ResultFormat, typer.Option("--format", help="How to print.")] = ResultFormat.TABLE,
    store: Store = None,
    config: Config = None,
) -> None:
    """Compare groups of runs.

    For each metric: the difference with its interval, p-value, effect size and verdict, as on the pages.
    """
    from runreport import pipeline

    settings = pipeline.settings_for_store(store, config)
    metrics = tuple(metric or ())
    comparisons = pipeline.compare_groups(baseline, tuple(candidates), settings, experiment=experiment, metrics=metrics)
    print_comparisons(comparisons, metrics, format_)
