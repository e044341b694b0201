"""The vendors' npm packages and the AI SDK against answers of five upstream dialects, where node and the packages are there."""

import pytest

from tests.clients import npm_packages
from tests.clients.npm_expectations import MODES, expected_npm
from tests.clients.table import comparable, situations_of, translating_double
from tests.clients.upstreams import PROVIDERS

MISSING = npm_packages.missing()


@pytest.mark.skipif(bool(MISSING), reason=f"npm clients: {MISSING}")
def test_every_npm_client_shows_the_answer_of_every_upstream() -> None:
    rows = [
        (mode, upstream, situation)
        for mode in MODES
        for upstream in PROVIDERS
        for situation in situations_of(mode)
    ]
    with translating_double() as double:
        models = [(mode, f"{upstream}-{situation}") for mode, upstream, situation in rows]
        answers = npm_packages.drive(double.url, models)
    seen = {row: comparable(answers[model]) for row, model in zip(rows, models, strict=True)}
    assert seen == {row: expected_npm(*row) for row in rows}
