"""Other people's traffic, where it is there: costs as genai-prices has them, counts as the service reported them.

The folder is LLM_PURE_CORPUS, else /work/shared/corpus. tests/pricing/test_costs.py, test_tokens.py and
tests/client/test_price_data.py hold the same behaviour without it.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import genai_prices
import msgspec
import pytest

from llm_pure import Completion
from llm_pure.adapters import registry
from llm_pure.chat.message_input import parse_messages
from llm_pure.client.price_data import shipped_prices
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.pricing.costs import PricingContext, price_usage
from llm_pure.replay.cassette import Interaction
from llm_pure.replay.cassette_files import find_cassettes, load_cassette
from llm_pure.replay.checks.check import read_call
from llm_pure.tokens import count_messages
from llm_pure.types.result import Failure

CORPUS = Path(os.environ.get("LLM_PURE_CORPUS", "/work/shared/corpus"))
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"needs recorded traffic that is not shipped: {CORPUS}"
)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A Completion of the corpus, who gave it, and the recorded exchange."""

    file: str
    provider: str
    completion: Completion
    interaction: Interaction
    streamed: bool


@cache
def answers() -> tuple[Answer, ...]:
    """Every answer that parses."""
    return tuple(_answers())


def _answers() -> Iterator[Answer]:
    for path in find_cassettes(CORPUS):
        loaded = load_cassette(path)
        if isinstance(loaded, Failure):
            continue
        for interaction in loaded.unwrap().interactions:
            call = read_call(interaction, registry)
            if call is None or call.operation != "chat" or interaction.response.status >= 400:
                continue
            if call.streamed:
                decoder = call.provider.open_stream(interaction.response.head)
                decoder.feed(interaction.response.body)
                if isinstance(decoder.close(), Failure):
                    continue
                completion = decoder.partial()
            else:
                parsed = call.provider.parse_chat(interaction.response)
                if isinstance(parsed, Failure):
                    continue
                completion = parsed.unwrap()
            yield Answer(
                file=str(path.relative_to(CORPUS)),
                provider=call.provider.name,
                completion=completion,
                interaction=interaction,
                streamed=call.streamed,
            )


def theirs(answer: Answer) -> Any:
    """What genai-prices makes of the whole answer's JSON; of a stream, of its usage object. None where it cannot."""
    url = answer.interaction.request.url
    usage = answer.completion.usage.raw
    model = answer.completion.model
    root = "usageMetadata" if "enerateContent" in url else "usage"
    named = {"model": model, "modelVersion": model} if model else {}
    given: dict[str, Any] = {**named, root: usage}
    if not answer.streamed:
        given = json.loads(answer.interaction.response.body)
    flavours = {
        "/chat/completions": "chat",
        "/responses": "responses",
        "/messages": "anthropic",
    }
    wanted = [flavour for part, flavour in flavours.items() if part in url]
    for flavour in (*wanted, "default"):
        try:
            got = genai_prices.extract_usage(given, provider_api_url=url, api_flavor=flavour)
            if got.model is not None:
                return got.calc_price(genai_request_timestamp=NOON)
            return genai_prices.calc_price(
                got.usage, asked_model(answer), provider_api_url=url, genai_request_timestamp=NOON
            )
        except (LookupError, ValueError):
            continue
    return None


def asked_model(answer: Answer) -> str:
    """Out of the body, else out of the URL."""
    body = json.loads(answer.interaction.request.body or b"{}")
    path = answer.interaction.request.url.split("?")[0]
    return str(body.get("model") or path.rsplit("/", 2)[-2].replace("%3A", ":"))


def test_every_completion_costs_what_genai_prices_says() -> None:
    table = shipped_prices()
    seen: Counter[str] = Counter()
    wrong: list[Any] = []
    for answer in answers():
        said = theirs(answer)
        buyer = PricingContext(api_type=answer.provider, base_url=answer.interaction.request.url)
        models = (answer.completion.model, asked_model(answer))
        ours = price_usage(table, buyer, models, answer.completion.usage, NOON)
        if said is None:
            seen["not priced by them"] += 1
        elif isinstance(ours, Failure):
            wrong.append((answer.file, said, ours))
        elif ours.unwrap().total_usd == said.total_price:
            seen["equal"] += 1
        elif advisors := advisor_messages(answer):
            # Claude's totals leave them out, and genai-prices too; each has its own model's prices
            prices = [
                genai_prices.calc_price(
                    genai_prices.Usage(
                        input_tokens=each["input_tokens"], output_tokens=each["output_tokens"]
                    ),
                    each["model"],
                    provider_id="anthropic",
                    genai_request_timestamp=NOON,
                ).total_price
                for each in advisors
            ]
            assert ours.unwrap().total_usd == said.total_price + sum(prices), answer.file
            seen["equal with advisors"] += 1
        elif reads_more_than_they_do(answer):
            # by their prices, for the tokens that the answer does report
            counts = genai_prices.Usage(
                input_tokens=answer.completion.usage.input_tokens,
                output_tokens=answer.completion.usage.output_tokens,
                cache_read_tokens=answer.completion.usage.cached_input_tokens,
            )
            again = said.model.calc_price(counts, said.provider, genai_request_timestamp=NOON)
            assert ours.unwrap().total_usd == again.total_price, answer.file
            seen["equal for tokens that genai-prices does not read"] += 1
        else:
            wrong.append((answer.file, said, ours))
    assert wrong == []
    assert seen["equal"] > 100
    print(dict(seen))


def advisor_messages(answer: Answer) -> list[dict[str, Any]]:
    """What an advisor read and wrote during the answer."""
    iterations = (answer.completion.usage.raw or {}).get("iterations") or []
    return [each for each in iterations if each["type"] == "advisor_message"]


def reads_more_than_they_do(answer: Answer) -> bool:
    """Cached tokens under Mistral's older name; thoughts that Gemini's OpenAI endpoint counts in its total only."""
    raw = answer.completion.usage.raw or {}
    parts = raw.get("prompt_tokens", 0) + raw.get("completion_tokens", 0)
    return "num_cached_tokens" in raw or raw.get("total_tokens", parts) > parts


def text_only(body: dict[str, Any]) -> bool:
    """Words and nothing else: no tools, no files, no schema, no conversation kept by the service."""
    beside = ("tools", "response_format", "text", "previous_response_id", "conversation")
    if any(body.get(key) for key in beside):
        return False
    given = body.get("messages") or body.get("input")
    if isinstance(given, str):
        return True
    return isinstance(given, list) and all(
        isinstance(turn, dict) and turn.get("role") and isinstance(turn.get("content"), str)
        for turn in given
    )


def test_counts_of_text_only_openai_requests_are_those_that_were_billed() -> None:
    errors: Counter[int] = Counter()
    hidden = 0
    for answer in answers():
        reported = answer.completion.usage.input_tokens
        family = asked_model(answer).rsplit("/", 1)[-1]
        if not family.startswith(("gpt-3", "gpt-4", "gpt-5", "o1", "o3", "o4")) or not reported:
            continue
        body = json.loads(answer.interaction.request.body)
        if not text_only(body):
            continue
        given = body.get("messages") or body.get("input")
        turns = [{"role": "user", "content": given}] if isinstance(given, str) else given
        if body.get("instructions"):
            turns = [{"role": "system", "content": body["instructions"]}, *turns]
        messages = parse_messages(turns).unwrap()
        count = count_messages(load_token_counter(family).unwrap(), messages)
        if "compact" in answer.interaction.request.url:
            hidden += 1  # the service puts an instruction of its own before these
            continue
        assert count.method == "overhead rule", answer.file
        errors[count.tokens - reported] += 1
    print(f"error in tokens -> requests: {dict(errors)}; compactions left out: {hidden}")
    assert set(errors) == {0}
    assert sum(errors.values()) >= 10
