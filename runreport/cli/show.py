"""``runreport show``: one run in full."""

from typing import Annotated

import typer

from runreport.cli.output import print_detail
from runreport.cli.parameters import Config, ResultFormat, Store


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's name, or the start of its id.")],
    *,
    format_: Annotated[ResultFormat, typer.Option("--format", help="How to print.")] = ResultFormat.TABLE,
    store: Store = None,
    config: Config = None,
) -> None:
    """Show everything known about one run."""
    from runreport import pipeline
    from runreport.reporters.runs import find_run, run_detail

    study = pipeline.open_study(pipeline.settings_for_store(store, config))
    frame, row = find_run(study.frames, run)
    print_detail(run_detail(frame, row), format_)
