"""The commented runreport.toml that ``runreport init`` writes: every option with its default."""

import json
from collections.abc import Iterator

from pydantic import BaseModel

from runreport.config.options import (
    TABLES_OF_MANY,
    ExperimentOptions,
    MetricOptions,
    ReferenceOptions,
    Settings,
    SourceOptions,
    TargetOptions,
)

_HEAD = """\
# Settings of runreport. Every line that is commented out shows the default.
# The same names work as environment variables, for example RUNREPORT_SITE__TITLE.
"""


def settings_template() -> str:
    """Return the text of a runreport.toml in which every option is explained and commented out."""
    return "\n".join([_HEAD, *_table_lines(Settings, ""), ""])


def _table_lines(model: type[BaseModel], name: str) -> Iterator[str]:
    tables = []
    for key, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            tables.append((key, annotation))
        elif {f"{name}{key}", f"{name}{key}.NAME"}.isdisjoint(TABLES_OF_MANY):
            yield f"# {field.description}"
            yield f"#{key} = {_toml(field.default)}\n"
    for key, inner in tables:
        yield f"[{name}{key}]"
        yield from _table_lines(inner, f"{name}{key}.")
    if model is Settings:
        yield from _named_tables()


def _named_tables() -> Iterator[str]:
    for head, model in (
        ('[metrics.by_name."val/accuracy"]', MetricOptions),
        ('[experiments."my experiment"]', ExperimentOptions),
        ('[tasks.reference."my task"]', ReferenceOptions),
        ("[[target]]", TargetOptions),
        ("[[sources]]", SourceOptions),
    ):
        yield f"#{head}"
        for key, field in model.model_fields.items():
            yield f"# {field.description}"
            yield f"#{key} = {_toml(None if field.is_required() else field.default)}"
        yield ""


def _toml(value: object) -> str:
    if value is None:
        return '""  # not set'
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value)
