"""The ``runreport`` command: which commands there are, and what happens when one fails."""

import os
import sys
from typing import Annotated

import typer

from runreport.cli import build, compare, demo, export, ingest, init, readers, runs, show, stats
from runreport.cli.output import print_error, print_status
from runreport.errors import RunreportError
from runreport.version import __version__

_TRACEBACK = "--traceback"
_INTERRUPTED = 130

app = typer.Typer(
    name="runreport",
    help="Turn machine-learning run logs into a static report that can be trusted and kept.",
    epilog=f"{_TRACEBACK} after any command shows where an error came from.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(*, value: bool) -> None:
    if value:
        typer.echo(f"runreport {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Turn machine-learning run logs into a static report that can be trusted and kept."""


for module in (build, ingest, runs, show, compare, export, readers, init, demo):
    app.command(module.__name__.rpartition(".")[2])(module.command)
app.add_typer(stats.group, name="stats")


def main() -> None:
    """Run the command line and exit with the status of what happened."""
    wants_traceback = _TRACEBACK in sys.argv
    sys.argv = [word for word in sys.argv if word != _TRACEBACK]
    try:
        app()
    except RunreportError as error:
        if wants_traceback:
            raise
        print_error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has left; what Python still holds must not be flushed into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        print_status("interrupted; what was committed stays, and the old site is still there.")
        sys.exit(_INTERRUPTED)
    except Exception as error:
        if wants_traceback:
            raise
        print_status(f"error: this should not have happened ({type(error).__name__}: {error}).")
        print_status(f"hint: it is a bug; run the command again with {_TRACEBACK} and report what it prints.")
        sys.exit(1)
