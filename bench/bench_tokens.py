"""Tokens and money: counting beside raw tiktoken and litellm, loading an encoding beside tiktoken, pricing a call.

The texts are made up and equal on every run. litellm's rows are there where it is installed.
"""

import base64
import hashlib
import os
import random
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import tiktoken
from tiktoken_ext import openai_public

from llm_pure import Message, Usage, user
from llm_pure.bench.report import Report, met, times
from llm_pure.bench.timing import QUICK_ROUNDS, ROUNDS, Prepare, Run, Timings, race
from llm_pure.chat.message_input import read_messages
from llm_pure.client import tokenizers as encodings
from llm_pure.client.price_data import shipped_prices
from llm_pure.pricing.costs import PricingContext, price_usage
from llm_pure.tokens import TokenCounter, count_messages, count_text, profile_for

MODEL = "gpt-4o"
OURS = "llm-pure"

SIZES = (8, 60, 300)
"""Words of a message. In long ones nearly all of the time is tiktoken's own, ours and litellm's alike."""


class Race(msgspec.Struct, frozen=True, kw_only=True):
    """One job. goal: (our time over `base`'s, or base's over ours, met?) in words."""

    job: str
    contestants: Mapping[str, Prepare]
    base: str | None
    goal: str
    is_met: Callable[[Timings], bool]


def run(quick: bool) -> list[Report]:
    """All jobs in one table."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    rows: list[tuple[str, ...]] = []
    records: list[Mapping[str, str | int | float | bool | None]] = []
    with tempfile.TemporaryDirectory() as folder:
        for job in (
            _text(),
            *map(_cold, SIZES),
            *map(_grown, SIZES),
            _load(Path(folder)),
            _price(),
        ):
            timings = race(job.contestants, rounds)
            for name in job.contestants:
                seconds = timings.seconds(name)
                ratio = None if name == OURS else timings.ratio(name, OURS)
                rows.append(
                    (
                        job.job,
                        name,
                        f"{seconds * 1e6:,.1f}",
                        "" if ratio is None else times(ratio),
                        met(job.is_met(timings), job.goal) if name == OURS else "",
                    )
                )
                records.append(
                    {
                        "bench": "tokens",
                        "job": job.job,
                        "who": name,
                        "us": round(seconds * 1e6, 2),
                        "of_llm_pure": None if ratio is None else round(ratio, 3),
                    }
                )
    return [
        Report(
            title=f"Tokens and money: CPU time a job, {MODEL}",
            head=("job", "who", "us", "of ours", "goal"),
            rows=tuple(rows),
            records=tuple(records),
        )
    ]


def _text() -> Race:
    text = _words(random.Random(1), 2000)
    tokenizer = encodings.load_tokenizer("o200k_base").unwrap()
    counter = TokenCounter(family=profile_for(MODEL), tokenizer=tokenizer)
    raw = tiktoken.Encoding(**encodings._define("o200k_base", encodings._ranks))
    assert len(raw.encode_ordinary(text)) == count_text(counter, text).tokens
    return Race(
        job="count a text of 12 kB",
        contestants={
            "tiktoken": lambda: lambda: len(raw.encode_ordinary(text)),
            OURS: lambda: lambda: count_text(counter, text).tokens,
        },
        base="tiktoken",
        goal="at most 1.1x of tiktoken",
        is_met=lambda timings: timings.ratio(OURS, "tiktoken") <= 1.1,
    )


def _cold(words: int) -> Race:
    """Both begin at dicts; ours with an empty memory."""
    tokenizer = encodings.load_tokenizer("o200k_base").unwrap()
    talk = [_turn(random.Random(number), number, words) for number in range(20)]

    def ours() -> Run:
        counter = TokenCounter(family=profile_for(MODEL), tokenizer=tokenizer)
        return lambda: count_messages(counter, read_messages(talk)).tokens

    raw = tiktoken.Encoding(**encodings._define("o200k_base", encodings._ranks))

    def bare() -> Run:
        return lambda: sum([len(raw.encode_ordinary(turn["content"])) for turn in talk])

    race = _against_litellm(f"20 messages of {words} words, cold", ours, lambda: talk, 2)
    return Race(
        job=race.job,
        contestants={"tiktoken": bare, **race.contestants},
        base="tiktoken",
        goal=f"at most 1.1x of tiktoken, {race.goal}",
        is_met=lambda timings: race.is_met(timings) and timings.ratio(OURS, "tiktoken") <= 1.1,
    )


def _grown(words: int) -> Race:
    """Twenty messages were counted, one is new."""
    tokenizer = encodings.load_tokenizer("o200k_base").unwrap()
    counter = TokenCounter(family=profile_for(MODEL), tokenizer=tokenizer)
    dicts = [_turn(random.Random(number), number, words) for number in range(20)]
    talk = read_messages(dicts)
    count_messages(counter, talk)
    chance = random.Random(0)

    def ours() -> Run:
        grown: tuple[Message, ...] = (*talk, user(f"and {chance.random()}?"))
        return lambda: count_messages(counter, grown).tokens

    def theirs() -> list[dict[str, str]]:
        return [*dicts, {"role": "user", "content": f"and {chance.random()}?"}]

    return _against_litellm(f"one more after 20 of {words} words", ours, theirs, 100)


def _against_litellm(job: str, ours: Prepare, theirs: Callable[[], Any], goal: int) -> Race:
    contestants: dict[str, Prepare] = {OURS: ours}
    try:
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        from litellm import token_counter
    except ImportError:
        pass
    else:

        def prepare() -> Run:
            talk = theirs()
            return lambda: token_counter(model=MODEL, messages=talk)

        contestants = {"litellm": prepare, OURS: ours}
    return Race(
        job=job,
        contestants=contestants,
        base="litellm",
        goal=f"litellm at least {goal}x",
        is_met=lambda timings: (
            "litellm" not in contestants or timings.ratio("litellm", OURS) >= goal
        ),
    )


def _load(folder: Path) -> Race:
    """Out of the package, and by tiktoken out of its own cache."""
    url, _ = encodings.source_of("o200k_base")
    rows = encodings.bundled_ranks("o200k_base").items()
    lines = [base64.b64encode(token) + b" %d\n" % rank for token, rank in rows]
    (folder / hashlib.sha1(url.encode()).hexdigest()).write_bytes(b"".join(lines))
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    return Race(
        job="load o200k_base",
        contestants={
            "tiktoken": lambda: lambda: tiktoken.Encoding(**openai_public.o200k_base()),
            OURS: lambda: lambda: encodings._encoding.__wrapped__("o200k_base"),
        },
        base="tiktoken",
        goal="no slower than tiktoken",
        is_met=lambda timings: timings.ratio(OURS, "tiktoken") <= 1,
    )


def _price() -> Race:
    table, buyer = shipped_prices(), PricingContext(api_type="openai")
    raw = {
        "prompt_tokens": 1000,
        "prompt_tokens_details": {"cached_tokens": 400, "audio_tokens": 0},
    }
    usage = Usage(1000, 500, 400, None, 100, raw=raw)
    now = datetime.now(UTC)
    return Race(
        job="price a call",
        contestants={OURS: lambda: lambda: price_usage(table, buyer, (MODEL,), usage, now)},
        base=None,
        goal="under 20 us",
        is_met=lambda timings: timings.seconds(OURS) < 20e-6,
    )


def _turn(chance: random.Random, number: int, words: int) -> dict[str, str]:
    return {"role": "assistant" if number % 2 else "user", "content": _words(chance, words)}


def _words(chance: random.Random, count: int) -> str:
    known = [
        "the",
        "a",
        "pure",
        "function",
        "returns",
        "value,",
        "because",
        "tests",
        "(are)",
        "easy.",
        "def",
        "f(x):",
        "naïve",
        "数据",
        "12.5",
        "->",
        "\n",
    ]
    return " ".join(chance.choices(known, k=count))
