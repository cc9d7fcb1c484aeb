"""Static reports of machine-learning experiment runs that can be trusted and kept."""

from importlib import import_module
from typing import TYPE_CHECKING

from runreport.version import __version__

if TYPE_CHECKING:
    from runreport.compare.comparison import Analysis, Comparison, Contrast
    from runreport.config.load import load_settings
    from runreport.config.options import Settings
    from runreport.errors import RunreportError
    from runreport.frames.api import StoreFrames, open_store
    from runreport.ingestion import IngestResult, ingest
    from runreport.notices import Notice
    from runreport.pipeline import BuildResult, build, compare_groups

_HOMES = {
    "Analysis": "runreport.compare.comparison",
    "BuildResult": "runreport.pipeline",
    "Comparison": "runreport.compare.comparison",
    "Contrast": "runreport.compare.comparison",
    "IngestResult": "runreport.ingestion",
    "Notice": "runreport.notices",
    "RunreportError": "runreport.errors",
    "Settings": "runreport.config.options",
    "StoreFrames": "runreport.frames.api",
    "build": "runreport.pipeline",
    "compare_groups": "runreport.pipeline",
    "ingest": "runreport.ingestion",
    "load_settings": "runreport.config.load",
    "open_store": "runreport.frames.api",
}

__all__ = [
    "Analysis",
    "BuildResult",
    "Comparison",
    "Contrast",
    "IngestResult",
    "Notice",
    "RunreportError",
    "Settings",
    "StoreFrames",
    "__version__",
    "build",
    "compare_groups",
    "ingest",
    "load_settings",
    "open_store",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that ``runreport --help`` waits for none of them."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
