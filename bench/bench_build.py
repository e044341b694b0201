"""Whole requests and answers: `build_chat` and `parse_chat` against a bare msgspec encode or decode of the same JSON."""

from collections.abc import Mapping

import msgspec

from bench import samples
from llm_pure import ChatRequest, Completion, HttpResponse, LLMConfig, Message, Tool
from llm_pure.adapters import registry
from llm_pure.bench.report import Record, Report, times
from llm_pure.bench.timing import QUICK_ROUNDS, ROUNDS, Prepare, race
from llm_pure.core.provider import Provider
from llm_pure.types.messages import Text
from llm_pure.types.result import Success

MODELS: Mapping[str, str] = {
    "openai": "gpt-4o-mini",
    "openai_responses": "gpt-4o-mini",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock": "amazon.nova-lite-v1:0",
    "ollama": "llama3.2",
}

_TOOL = Tool(
    name="get_weather",
    description="The weather of a place, now.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"]}},
        "required": ["city"],
    },
)

FLOOR, OURS = "bare msgspec", "llm-pure"


def run(quick: bool) -> list[Report]:
    """Two questions of different length per provider, and one answer."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for name, model in MODELS.items():
        provider = registry.get(name).unwrap()
        for turns in (1, 100):
            _tell(
                rows,
                records,
                name,
                f"build, {turns} turns",
                _builders(provider, model, turns),
                rounds,
            )
        _tell(rows, records, name, "parse", _parsers(provider), rounds)
    return [
        Report(
            title="Requests built and whole answers parsed, microseconds a call",
            head=("provider", "what", FLOOR, OURS, "of bare"),
            rows=tuple(rows),
            records=tuple(records),
        )
    ]


def _tell(
    rows: list[tuple[str, ...]],
    records: list[Record],
    provider: str,
    what: str,
    contestants: Mapping[str, Prepare],
    rounds: int,
) -> None:
    timings = race(contestants, rounds)
    bare, ours = timings.seconds(FLOOR) * 1e6, timings.seconds(OURS) * 1e6
    ratio = timings.ratio(OURS, FLOOR)
    rows.append((provider, what, f"{bare:.2f}", f"{ours:.2f}", times(ratio)))
    records.append(
        {
            "bench": "build",
            "provider": provider,
            "what": what,
            "bare_us": round(bare, 3),
            "us": round(ours, 3),
            "of_bare_msgspec": round(ratio, 3),
        }
    )


def _builders(provider: Provider, model: str, turns: int) -> Mapping[str, Prepare]:
    question, answer = Message("user", (Text("What now?"),)), Message("assistant", (Text("This."),))
    messages = (
        Message("system", (Text("Be brief."),)),
        *[question, answer] * (turns - 1),
        question,
    )
    config = LLMConfig(api_type=provider.name, model=model, api_key="none", region_name="us-east-1")
    request = ChatRequest(messages=messages, tools=(_TOOL,), temperature=0.5, max_tokens=300)
    body = msgspec.json.decode(provider.build_chat(config, request).unwrap().request.body)
    return {
        FLOOR: lambda: lambda: msgspec.json.encode(body),
        OURS: lambda: lambda: provider.build_chat(config, request),
    }


def _parsers(provider: Provider) -> Mapping[str, Prepare]:
    body = samples.ANSWERS[provider.name]
    response = HttpResponse(200, (("content-type", "application/json"),), body)
    match provider.parse_chat(response):
        case Success(Completion(text=samples.ANSWER_TEXT)):
            pass
        case other:
            raise SystemExit(f"{provider.name} reads another answer: {other}")
    return {
        FLOOR: lambda: lambda: msgspec.json.decode(body),
        OURS: lambda: lambda: provider.parse_chat(response),
    }
