"""``runreport build``: logs to site in one command."""

from pathlib import Path
from typing import Annotated

import typer

from runreport.cli.output import print_status, print_text, progress_bar
from runreport.cli.parameters import LOGS_HELP, Config, Jobs, Out, Store
from runreport.config.load import option_help


def command(
    logs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LOGS",
            help=f"{LOGS_HELP.removesuffix('.')}; none: everything in the store.",
            show_default=False,
        ),
    ] = None,
    *,
    store: Store = None,
    out: Out = None,
    config: Config = None,
    theme: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help=option_help("site.theme"), show_default="default")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="GROUP", help=option_help("comparisons.baseline"), show_default="chosen by rule"),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the report in the browser when it is done.")] = False,
    keep_contexts: Annotated[
        bool, typer.Option("--keep-contexts", help="Write what each page is made of as JSON beside it.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when there are warnings or errors to notice.")] = False,
    jobs: Jobs = None,
) -> None:
    """Read run logs and write the report.

    Runs are grouped over seeds and compared; the report is a folder of HTML that opens by double-click.
    """
    from runreport import pipeline
    from runreport.config.load import load_settings

    overrides = {
        "store": _text(store),
        "out": _text(out),
        "site.theme": theme,
        "comparisons.baseline": baseline,
        "jobs": jobs,
    }
    settings = load_settings(config, overrides=overrides)
    with progress_bar() as report:
        result = pipeline.build(
            tuple(logs or ()), settings, keep_contexts=keep_contexts, is_strict=strict, report=report
        )
    for line in result.summary_lines():
        print_status(line)
    print_text(str(result.index))
    if open_:
        typer.launch(result.index.resolve().as_uri())


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
