"""Importing and calling values, core and adapters touches no socket, file, clock, environment or chance.

The work is done in a process of its own, in which all of that is poisoned: tests/support/purity_probe.py.
"""

import base64
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from llm_pure.adapters import registry
from tests.support.cassettes import chat_providers, recorded
from tests.support.purity_probe import PLANTS

ROOT = Path(__file__).parents[2]


def probe(*arguments: str, given: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-B", str(ROOT / "tests/support/purity_probe.py"), *arguments],
        input=json.dumps(given or []),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


@cache
def everything() -> dict[str, Any]:
    """All providers, all requests, all recorded answers."""
    given = [
        {
            "provider": one.provider.name,
            "status": one.interaction.response.status,
            "headers": one.interaction.response.headers,
            "body": base64.b64encode(one.interaction.response.body).decode(),
        }
        for one in recorded()
    ]
    return probe(given=given)


def test_nothing_below_the_effect_layer_touches_the_world() -> None:
    assert everything()["touched"] == []


@pytest.mark.parametrize("name", chat_providers())
def test_every_provider_was_truly_at_work(name: str) -> None:
    told = everything()
    assert told["built"].get(name, 0) > 0
    assert told["signed"].get(name, 0) > 0


def test_recorded_answers_were_read() -> None:
    told = everything()
    folders = {one.provider.name for one in recorded()}
    assert {name for name, count in told["read"].items() if count > 0} >= folders & set(
        registry.names()
    )


@pytest.mark.parametrize("plant", PLANTS)
def test_a_touch_would_be_noticed(plant: str) -> None:
    assert probe(plant)["touched"] != []
