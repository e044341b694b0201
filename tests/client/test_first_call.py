"""What a first call loads, counted in a process of its own: one whole answer in OpenAI's dialect, over httpx."""

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

MOST_OF_OURS = 70
"""From `import llm_pure` to the first answer, what `import llm_pure` loads by itself not counted."""

UNNEEDED = {
    "adapters.dialects.openai_chat.parts",
    "adapters.dialects.openai_chat.reasoning",
    "adapters.dialects.openai_chat.response_format",
    "adapters.dialects.openai_chat.think_tags",
    "adapters.dialects.openai_chat.tools",
    "adapters.dialects.openai_common.errors",
    "client.call_log",
    "client.from_settings",
    "client.operations",
    "client.rate_limiter",
    "client.stream_reader",
    "client.streams",
    "client.structured",
    "client.token_counting",
    "client.tokenizers",
    "output.code",
    "output.json_repair",
    "output.structured",
    "output.tools",
    "policy.rate_limit",
    "pricing.costs",
    "pricing.lookup",
    "pricing.table",
    "schema.fit",
    "schema.validate",
    "settings.config_file",
    "settings.loading",
    "tokens",
    "tokens.compress",
}


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
def test_a_first_call_imports_no_more_than_60_modules_of_any_kind(kind: str) -> None:
    assert len(loaded(f"{kind} alone")) <= 60


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_client_and_its_first_call_load_few_modules_beside_a_bare_calls(kind: str) -> None:
    bare = "bare" if kind == "sync" else "bare async"
    new = loaded(kind) - loaded(bare)
    assert {name.partition(".")[0] for name in new} == {"llm_pure"}
    assert len(new) <= MOST_OF_OURS


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_a_first_call_has_no_need_of_is_not_loaded(kind: str) -> None:
    mine = {".".join(name.split(".")[1:]) for name in loaded(kind) if name.startswith("llm_pure.")}
    assert not mine & UNNEEDED


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_first_call_loads_no_command_line_and_no_other_transport(kind: str) -> None:
    roots = {name.partition(".")[0] for name in loaded(kind)}
    assert not roots & {"click", "rich", "pygments", "aiohttp", "httpx2", "yaml", "tiktoken"}
    assert ("asyncio" in roots) == (kind == "async")
