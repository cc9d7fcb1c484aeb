"""Optuna's SQLite storage: a few queries for hundreds of trials at a time, whatever version the tables are from.

Categorical params are stored as the place among the choices, whole numbers as floats, and values that are not finite
as NULL with a word beside them. Before Optuna 2.4 a study had one direction and a trial one value in columns of their
own, and ``trial_values`` held what ``trial_intermediate_values`` holds since. Times have no zone: they are UTC since Optuna 5 and the clock of the machine before;
both are taken as UTC.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import number, parse_json
from runreport.formats.sqlite import Database
from runreport.formats.times import parse_time
from runreport.readers.sweeps.optuna_trials import Study, Trial

TABLES = frozenset({"studies", "trials", "trial_params", "study_user_attributes"})
_SPECIAL = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}


def studies(database: Database) -> dict[int, Study]:
    """Return the studies by their ids."""
    found: dict[int, Study] = {}
    for study_id, name, word in database.rows("studies", ("study_id", "study_name", "direction")):
        found[study_id] = Study(name=str(name), directions=[word] if isinstance(word, str) else [])
    directions = database.rows("study_directions", ("study_id", "objective", "direction"))
    for study_id, _, word in sorted(directions, key=lambda row: (_rank(row[0]), _rank(row[1]))):
        if study_id in found:
            found[study_id].directions.append(str(word))
    for table, kind in (("study_user_attributes", "user"), ("study_system_attributes", "system")):
        for study_id, key, text in database.rows(table, ("study_id", "key", "value_json")):
            if study_id in found:
                getattr(found[study_id], kind)[str(key)] = _json(text)
    return found


def trials(database: Database, trial_ids: Sequence[str] | None = None) -> dict[int, Trial]:
    """Return trials by their ids, in the order of studies and numbers, without what other tables hold."""
    columns = ("trial_id", "study_id", "number", "state", "datetime_start", "datetime_complete")
    rows = (
        database.rows("trials", columns)
        if trial_ids is None
        else database.rows_of("trials", columns, "trial_id", trial_ids)
    )
    numbers: dict[Any, int] = {}
    found: dict[int, Trial] = {}
    for trial_id, study_id, place, state, started, ended in sorted(
        rows, key=lambda row: (_rank(row[1]), _rank(row[0]))
    ):
        numbers[study_id] = numbers.get(study_id, -1) + 1
        found[trial_id] = Trial(
            study=study_id,
            number=place if isinstance(place, int) else numbers[study_id],
            state=str(state),
            started=parse_time(started),
            ended=parse_time(ended),
        )
    return found


def whole_trials(database: Database, trial_ids: Sequence[str]) -> dict[int, Trial]:
    """Return trials by their ids with everything that is stored about them."""
    found = trials(database, trial_ids)
    _add_params(database, trial_ids, found)
    _add_values(database, trial_ids, found)
    for table, kind in (("trial_user_attributes", "user"), ("trial_system_attributes", "system")):
        rows = database.rows_of(table, ("trial_id", "key", "value_json"), "trial_id", trial_ids)
        for trial_id, key, text in rows:
            if trial_id in found:
                getattr(found[trial_id], kind)[str(key)] = _json(text)
    return found


def _rank(value: object) -> tuple[bool, int]:
    return not isinstance(value, int), value if isinstance(value, int) else 0


def _add_params(database: Database, trial_ids: Sequence[str], found: Mapping[int, Trial]) -> None:
    columns = ("trial_id", "param_name", "param_value", "distribution_json")
    for trial_id, name, value, text in database.rows_of("trial_params", columns, "trial_id", trial_ids):
        if trial_id in found:
            found[trial_id].params[str(name)] = (value, str(text))


def _add_values(database: Database, trial_ids: Sequence[str], found: Mapping[int, Trial]) -> None:
    is_old = database.has("trial_values", "step")
    place = "step" if is_old else "objective"
    rows = database.rows_of("trial_values", ("trial_id", place, "value", "value_type"), "trial_id", trial_ids)
    for trial_id, key, value, kind in rows:
        if trial_id in found:
            _add(found[trial_id].intermediate if is_old else found[trial_id].values, key, value, kind)
    for trial_id, value in database.rows_of("trials", ("trial_id", "value"), "trial_id", trial_ids) if is_old else ():
        if trial_id in found:
            _add(found[trial_id].values, 0, value, None)
    columns = ("trial_id", "step", "intermediate_value", "intermediate_value_type")
    for trial_id, step, value, kind in database.rows_of("trial_intermediate_values", columns, "trial_id", trial_ids):
        if trial_id in found:
            _add(found[trial_id].intermediate, step, value, kind)


def _add(values: dict[int, float], key: object, value: object, kind: object) -> None:
    logged = _SPECIAL.get(str(kind), number(value))
    if isinstance(key, int) and logged is not None:
        values[key] = logged


def _json(text: object) -> Any:  # noqa: ANN401 - a JSON value may be anything
    """Return the value of an attribute; a text that is no JSON stays text."""
    try:
        return parse_json(text.encode()) if isinstance(text, str) else text
    except ReadError:
        return text
