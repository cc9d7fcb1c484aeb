"""``runreport init``: a settings file to start from."""

from pathlib import Path

from runreport.cli.output import print_status
from runreport.config.load import FILE_NAME
from runreport.errors import OutputError


def command() -> None:
    """Write a runreport.toml to start from.

    It goes into the current folder and explains every option.
    """
    from runreport.config.template import settings_template

    path = Path(FILE_NAME)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(settings_template())
    except FileExistsError:
        raise OutputError(
            f"There is already a {FILE_NAME} here; it was left as it is.", hint="Move it away first to start afresh."
        ) from None
    except OSError as error:
        raise OutputError(f"{FILE_NAME} cannot be written: {error.strerror}.") from None
    print_status(f"Wrote {FILE_NAME}. Every line shows a default; uncomment what you want to change.")
