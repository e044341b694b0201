"""`llm_pure.replay` imports its names on first use; every public name must resolve."""

import pytest

from llm_pure import replay


@pytest.mark.parametrize("name", replay.__all__)
def test_public_name_resolves(name: str) -> None:
    assert hasattr(replay, name)
