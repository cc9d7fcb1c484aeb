"""``runreport demo``: the report of the example runs."""

from pathlib import Path
from typing import Annotated

import typer

from runreport.cli.output import print_status, print_text, progress_bar


def command(
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder the site is written to.")] = Path("demo-site"),
    open_: Annotated[bool, typer.Option("--open", help="Open the report in the browser when it is done.")] = False,
) -> None:
    """Build the report of the example runs.

    They are real runs that come with runreport.
    """
    import tempfile

    from runreport import pipeline
    from runreport.config.load import load_settings
    from runreport.resources import resource_folder

    logs = resource_folder("example_runs")
    print_status(f"Reading the example runs in {logs}")
    with tempfile.TemporaryDirectory(prefix="runreport-demo-") as folder, progress_bar() as report:
        overrides = {"store": str(Path(folder) / "store"), "out": str(out), "site.title": "Digits: example runs"}
        settings = load_settings(logs / "runreport.toml", overrides=overrides, environment={})
        result = pipeline.build((logs,), settings, report=report)
    for line in result.summary_lines():
        print_status(line)
    print_text(str(result.index))
    if open_:
        typer.launch(result.index.resolve().as_uri())
