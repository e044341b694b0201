"""What a first call loads, counted in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.loopback import Loopback, always, response

SCRIPT = Path(__file__).parents[1] / "support" / "first_call.py"
ANSWER = (
    b'{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
)


def loaded(kind: str) -> set[str]:
    """The modules that are new after a call of this kind."""
    with Loopback(
        always(response(ANSWER, headers=(("content-type", "application/json"),)))
    ) as server:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), server.url, kind],
            capture_output=True, text=True, check=True, timeout=60,
            cwd=SCRIPT.parents[2],
        )  # fmt: skip
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_first_call_loads_no_command_line_and_no_other_transport(kind: str) -> None:
    roots = {name.partition(".")[0] for name in loaded(kind)}
    assert not roots & {"click", "rich", "pygments", "aiohttp", "httpx2", "yaml", "tiktoken"}
