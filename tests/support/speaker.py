"""Who is asked, and how: one provider at one of the servers on loopback."""

from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure import LLMConfig
from tests.support.configs import file_config
from tests.support.questions import ANSWERS, ERRORS
from tests.support.services import LOOPBACK_PORT

KEY = "test-key-of-llm-pure"
"""Not secret; it is redacted all the same."""

AIMOCK_URL = "http://127.0.0.1:4010"
LOOPBACK_URL = f"http://127.0.0.1:{LOOPBACK_PORT}"

Server: TypeAlias = Literal["aimock", "loopback"]
Lack: TypeAlias = Literal["length_reason", "finish"]

QUESTIONS_OF_CHAT = (*ANSWERS, *ERRORS)
"""They are asked whole and streamed."""


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """One provider and how it is reached on loopback.

    server: who answers there. lacks: what that server leaves out in this API. plans: tool calls come with a plan, which
    reads as reasoning.
    """

    provider: str
    config: LLMConfig
    questions: tuple[str, ...]
    server: Server = "aimock"
    streams: bool = True
    lacks: frozenset[Lack] = frozenset()
    plans: bool = False

    @property
    def service(self) -> str:
        """Which service of the loopback server: the first segment of the path."""
        return (self.config.base_url or "").removeprefix(LOOPBACK_URL).lstrip("/").split("/")[0]


def _speaker(
    provider: str,
    url: str,
    model: str,
    questions: tuple[str, ...],
    *,
    lacks: tuple[Lack, ...] = (),
    plans: bool = False,
    **more: Any,
) -> Speaker:
    """more: the configuration's further fields."""
    config = file_config(api_type=provider, base_url=url, model=model, **{"api_key": KEY, **more})
    return Speaker(
        provider=provider,
        config=config,
        questions=questions,
        server="aimock" if url.startswith(AIMOCK_URL) else "loopback",
        streams=questions[0] in QUESTIONS_OF_CHAT,
        lacks=frozenset(lacks),
        plans=plans,
    )


def aimock(
    provider: str, path: str, model: str, questions: tuple[str, ...], **more: Any
) -> Speaker:
    """At aimock."""
    return _speaker(provider, AIMOCK_URL + path, model, questions, **more)


def own(provider: str, path: str, model: str, questions: tuple[str, ...], **more: Any) -> Speaker:
    """At the loopback server; the path begins with the name of its service."""
    return _speaker(provider, f"{LOOPBACK_URL}/{path}", model, questions, **more)
