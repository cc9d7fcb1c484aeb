"""Settings from defaults, runreport.toml, the environment and the command line, in this order."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from runreport.config.options import TABLES_OF_MANY, Settings
from runreport.config.reference_scores import read_reference_scores
from runreport.errors import ConfigError

FILE_NAME = "runreport.toml"
ENVIRONMENT_PREFIX = "RUNREPORT_"

Overrides = Mapping[str, object]


def load_settings(
    file: Path | None = None, *, overrides: Overrides | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings in force.

    Args:
        file: the file to read; None for ``runreport.toml`` in the current folder, if there is one.
        overrides: values of command-line options by dotted name; None means "not given".
        environment: variables such as ``RUNREPORT_COMPARISONS__LEVEL``; the process environment by default.

    Raises:
        ConfigError: the file cannot be read, or keys or values in it are wrong; all problems at once. Likewise for the
            file of reference scores, whose path is relative to that of the settings.
    """
    path = file if file is not None else Path(FILE_NAME)
    tables = _read_file(path) if file is not None or path.is_file() else {}
    for name, value in _from_environment(os.environ if environment is None else environment):
        _put(tables, name, value)
    for name, override in (overrides or {}).items():
        if override is not None:
            _put(tables, name, override)
    settings = _validate(tables, str(path))
    if not settings.tasks.reference_file:
        return settings
    reference = read_reference_scores(path.parent / settings.tasks.reference_file) | settings.tasks.reference
    return settings.model_copy(update={"tasks": settings.tasks.model_copy(update={"reference": reference})})


def option_names(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield the dotted name of every single option; those of tables of many are not among them."""
    for key, field in model.model_fields.items():
        if {f"{prefix}{key}", f"{prefix}{key}.NAME"} & TABLES_OF_MANY.keys():
            continue
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from option_names(field.annotation, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def option_help(name: str) -> str:
    """Return the help text of an option given by its dotted name."""
    return _option(name).description or ""


def environment_variable(name: str) -> str:
    """Return the environment variable of an option: ``site.title`` is ``RUNREPORT_SITE__TITLE``."""
    return ENVIRONMENT_PREFIX + name.replace(".", "__").upper()


def _option(name: str) -> FieldInfo:
    *tables, key = name.split(".")
    model: type[BaseModel] = Settings
    for table in tables:
        inner = model.model_fields[table].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            raise KeyError(name)
        model = inner
    return model.model_fields[key]


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            f"There is no file {path}.", hint="`runreport init` writes one with every option and its default."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}.", hint="Names with special characters need quotes, texts too."
        ) from None


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    for name in option_names():
        text = environment.get(environment_variable(name))
        if text is not None:
            yield name, text.split(",") if isinstance(_option(name).default, tuple) else text


def _put(tables: dict[str, Any], name: str, value: object) -> None:
    *parents, key = name.split(".")
    for parent in parents:
        inner = tables.setdefault(parent, {})
        if not isinstance(inner, dict):
            return  # the file has a value where a table belongs; validation names it
        tables = inner
    tables[key] = value


def _validate(tables: dict[str, Any], source: str) -> Settings:
    try:
        return Settings.model_validate(tables)
    except ValidationError as error:
        problems = tuple(sorted(_problem(detail) for detail in error.errors(include_url=False)))
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ConfigError(
            f"{source} has {count}.", problems=problems, hint="`runreport init` shows every option."
        ) from None


def _problem(detail: ErrorDetails) -> str:
    name = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        known = _siblings(detail["loc"])
        near = get_close_matches(str(detail["loc"][-1]), known, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}."
        return f"{name} is not an option; {advice}"
    return f"{name} = {detail['input']!r}: {detail['msg'].lower()}."


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    """Return the names allowed where an unknown key stood."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        if field is None:
            continue  # a free name such as the experiment in experiments.NAME
        annotation = field.annotation
        values = getattr(annotation, "__args__", ())
        for candidate in (annotation, *values):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return sorted(model.model_fields)
