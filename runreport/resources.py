"""Folders that travel with the package: beside it in a source checkout, inside it once installed."""

from pathlib import Path

from runreport.errors import RunreportError

_PACKAGE = Path(__file__).resolve().parent


def resource_folder(name: str) -> Path:
    """Return the folder ``themes`` or ``example_runs``.

    Raises:
        RunreportError: it is in neither place, so the installation is damaged.
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise RunreportError(
        f"The folder {name} is missing from this installation of runreport.", hint="Install runreport again."
    )
