"""``runreport ingest``: logs into the store."""

from typing import Annotated

import typer

from runreport.cli.output import print_status, print_text, progress_bar
from runreport.cli.parameters import Config, Jobs, Logs, Store


def command(
    logs: Logs,
    *,
    store: Store = None,
    config: Config = None,
    reader: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Use this reader only; see `runreport readers`.", show_default="all"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print counts and notices as JSON.")] = False,
    jobs: Jobs = None,
) -> None:
    """Read run logs into the store.

    What has not changed since the last time is not read again.
    """
    from pathlib import Path

    from runreport import strict_json
    from runreport.config.load import load_settings
    from runreport.ingestion import ingest as ingest_logs

    settings = load_settings(config, overrides={"store": None if store is None else str(store), "jobs": jobs})
    with progress_bar() as report:
        result = ingest_logs(
            tuple(logs),
            store=Path(settings.store),
            reader=reader,
            sources=settings.sources,
            jobs=settings.jobs,
            report=report,
        )
    if json:
        print_text(strict_json.dumps(result.public()))
        return
    for line in result.summary_lines():
        print_status(line)
