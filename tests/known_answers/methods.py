"""Every method the vectors name, from the files of its situation."""

from collections.abc import Mapping

from tests.known_answers import (
    curves,
    examples,
    groups,
    hyperparameters,
    multiplicity,
    paired,
    power,
    proportions,
    sequential,
    targets,
    tasks,
    tasks_and_seeds,
    unpaired,
)
from tests.known_answers.answers import refusing
from tests.known_answers.runner import Method

_ALL: Mapping[str, Method] = {
    **unpaired.METHODS,
    **paired.METHODS,
    **groups.METHODS,
    **tasks.METHODS,
    **tasks_and_seeds.METHODS,
    **multiplicity.METHODS,
    **targets.METHODS,
    **examples.METHODS,
    **proportions.METHODS,
    **curves.METHODS,
    **hyperparameters.METHODS,
    **power.METHODS,
    **sequential.METHODS,
}

METHODS: Mapping[str, Method] = {name: refusing(method) for name, method in _ALL.items()}
