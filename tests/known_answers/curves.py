"""Vectors on curves."""

from collections.abc import Mapping

from tests.known_answers.runner import Method

METHODS: Mapping[str, Method] = {}
