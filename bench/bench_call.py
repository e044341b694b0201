"""One call, whole, over a transport in memory: what a client adds to the bytes. No socket; CPU time, interleaved."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any

import msgspec

from bench.load_contestants import QUESTION
from bench.load_server import WHOLE
from llm_pure.bench.report import Report, met, times
from llm_pure.bench.timing import QUICK_ROUNDS, ROUNDS, Prepare, Run, race

_URL = "http://127.0.0.1:1/v1"
_JSON = (("content-type", "application/json"),)


def run(quick: bool) -> list[Report]:
    """Against bare httpx over its own transport in memory, with msgspec; and against the openai package over the same."""
    jobs = {name: make() for name, (package, make) in _CONTESTANTS.items() if find_spec(package)}
    contestants: dict[str, Prepare] = {name: partial(_same, job) for name, job in jobs.items()}
    timings = race(contestants, QUICK_ROUNDS if quick else ROUNDS)
    base = "bare httpx + msgspec"
    ratios = {name: timings.ratio(name, base) for name in jobs}
    goals = [met(ratios["llm_pure"] <= 1.3, "at most 1.3x bare httpx")]
    if "openai" in ratios:
        less = ratios["openai"] / ratios["llm_pure"]
        goals.append(met(less >= 5, f"openai at least 5x ({times(less)})"))
    rows = [(name, f"{timings.seconds(name) * 1e6:.0f}", times(ratios[name])) for name in jobs]
    return [
        Report(
            title=f"One call in memory; {'; '.join(goals)}",
            head=("contestant", "CPU us a call", "of bare httpx"),
            rows=tuple(rows),
            records=tuple(
                [
                    {
                        "bench": "call",
                        "name": name,
                        "us": timings.seconds(name) * 1e6,
                        "ratio": ratios[name],
                    }
                    for name in jobs
                ]
            ),
        )
    ]


def _same(job: Run) -> Run:
    return job


class _Memory:
    """A transport that has the answer."""

    def __init__(self) -> None:
        from llm_pure import HttpResponse
        from llm_pure.types.result import Success

        self._answer = Success(HttpResponse(200, _JSON, WHOLE))

    def send(self, request: Any, timeouts: Any) -> Any:
        return self._answer

    def stream(self, request: Any, timeouts: Any) -> Any:
        raise NotImplementedError


def _llm_pure() -> Run:
    from llm_pure import LLM, ChatRequest, LLMConfig, user

    config = LLMConfig(api_key="k", model="bench", base_url=_URL)
    llm = LLM(config, _Memory()).__enter__()
    return lambda: llm.completion(ChatRequest(messages=(user(QUESTION),))).unwrap().text


def _client() -> Any:
    import httpx

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=_JSON, content=WHOLE)

    return httpx.Client(transport=httpx.MockTransport(answer))


def _httpx() -> Run:
    client = _client()
    headers = {"authorization": "Bearer k", "content-type": "application/json"}

    def call() -> str:
        body = msgspec.json.encode(
            {"model": "bench", "messages": [{"role": "user", "content": QUESTION}]}
        )
        answer = client.post(f"{_URL}/chat/completions", content=body, headers=headers)
        text: str = msgspec.json.decode(answer.content)["choices"][0]["message"]["content"]
        return text

    return call


def _openai() -> Run:
    import openai

    client = openai.OpenAI(api_key="k", base_url=_URL, max_retries=0, http_client=_client())
    messages: Any = [{"role": "user", "content": QUESTION}]

    def call() -> str:
        answer = client.chat.completions.create(model="bench", messages=messages)
        return answer.choices[0].message.content or ""

    return call


_CONTESTANTS: Mapping[str, tuple[str, Callable[[], Run]]] = {
    "llm_pure": ("llm_pure", _llm_pure),
    "bare httpx + msgspec": ("httpx", _httpx),
    "openai": ("openai", _openai),
}
