"""Recording and replay of a gateway: private files without secrets, from which another gateway answers."""

import asyncio
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_pure.gateway import Gateway, gateway
from llm_pure.replay.doubles import answering
from llm_pure.replay.matching import MatchRules
from llm_pure.replay.player import open_replay
from llm_pure.replay.server import serve
from llm_pure.settings.config_file import ConfigFile
from llm_pure.settings.config_parser import parse_config_file
from tests.support.asgi import Answer, call

UPSTREAM_KEY = "sk-proj-Zb4vN9tQ2mX7cR1kJ8wLs5dF0gHy3aPe"
CLIENT_KEY = "lp-k3J9xQ2vB7nM4cT8rW1zL6pD5sF0gHyAeUiOqRt2w"


def configured(url: str, folder: Path | None = None) -> ConfigFile:
    models = {
        "fast": {"api_type": "openai", "api_key": UPSTREAM_KEY, "model": "m", "base_url": url}
    }
    serve = {} if folder is None else {"record": str(folder)}
    return parse_config_file({"models": models, "serve": serve}, {}).unwrap()


async def answer_to(application: Gateway, text: str, **more: Any) -> Answer:
    body = {"model": "fast", "messages": [{"role": "user", "content": text}], **more}
    headers = {"authorization": f"Bearer {CLIENT_KEY}"}
    data = json.dumps(body).encode()
    return await call(application, "POST", "/v1/chat/completions", data, headers)


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with serve(answering(lambda request: f"to: {request.prompt}")) as server:
        yield f"{server.url}/v1"


def test_recorded_requests_are_answered_again_without_the_provider(
    upstream: str, tmp_path: Path
) -> None:
    folder = tmp_path / "cassettes"

    async def record() -> list[bytes]:
        application = gateway(configured(upstream, folder), transport="httpx")
        answers = [
            await answer_to(application, "one"),
            await answer_to(application, "two", stream=True),
        ]
        await application.aclose()
        return [answer.body for answer in answers]

    recorded = asyncio.run(record())
    files = sorted(folder.iterdir())
    assert len(files) == 2
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        text = file.read_text()
        assert not any(secret in text for secret in (UPSTREAM_KEY, CLIENT_KEY))

    replay = open_replay(folder, matching=MatchRules(origin=False), again=True).unwrap()
    application = gateway(configured("http://127.0.0.1:1/v1"), transport=replay)

    async def repeat() -> list[Answer]:
        return [
            await answer_to(application, "two", stream=True),
            await answer_to(application, "one"),
            await answer_to(application, "three"),
        ]

    two, one, missing = asyncio.run(repeat())
    assert json.loads(one.body)["choices"][0]["message"]["content"] == "to: one"
    assert json.loads(one.body)["choices"] == json.loads(recorded[0])["choices"]
    assert two.body.count(b"data: ") == recorded[1].count(b"data: ")
    assert missing.status >= 400


def test_folder_that_cannot_be_written_costs_no_answer(
    upstream: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "file"
    file.write_text("")

    async def run() -> int:
        application = gateway(configured(upstream, file / "below"), transport="httpx")
        status = (await answer_to(application, "one")).status
        await application.aclose()
        return status

    assert asyncio.run(run()) == 200
    assert "cannot write" in caplog.text
