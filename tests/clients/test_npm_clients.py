"""The vendors' npm packages and the AI SDK against answers of five upstream dialects, where node and the packages are there."""

import pytest

from tests.clients import npm_packages
from tests.clients.npm_expectations import MODES, expected_npm
from tests.clients.table import SERVERS, adjusted, comparable, server_url, situations_of
from tests.clients.upstreams import PROVIDERS

MISSING = npm_packages.missing()


@pytest.mark.skipif(bool(MISSING), reason=f"npm clients: {MISSING}")
@pytest.mark.parametrize("server", SERVERS)
def test_every_npm_client_shows_the_answer_of_every_upstream(server: str) -> None:
    rows = [
        (mode, upstream, situation)
        for mode in MODES
        for upstream in PROVIDERS
        for situation in situations_of(mode)
    ]
    with server_url(server) as url:
        models = [(mode, f"{upstream}-{situation}") for mode, upstream, situation in rows]
        answers = npm_packages.drive(url, models)
    seen = {row: comparable(answers[model]) for row, model in zip(rows, models, strict=True)}
    assert seen == {row: adjusted(expected_npm(*row), server, *row) for row in rows}
