"""`make fuzz`: mutants of every recorded response, fed to every parser of its provider; see `mutants`.

    python -m tests.support.fuzz [--cases N] [--seed N] [--jobs N] [--seconds N] [--corpus DIR]
    python -m tests.support.fuzz --replay FILE        # a failure that an earlier run wrote to .fuzz/

For each mutant: nothing raises, a split of the body changes nothing, repr shows the result, and no call takes more than
50 ms of CPU time for 10 kB. A completion is appended to a conversation, and the next request is built, for its own provider
and for another one.
"""

import argparse
import base64
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Generator, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from queue import Empty
from random import Random
from typing import Any

import msgspec

from llm_pure import ChatRequest, Completion, user
from llm_pure.adapters import registry
from llm_pure.core.provider import Provider
from llm_pure.replay.cassette import parse_entries
from llm_pure.replay.cassette_files import find_cassettes, read_file
from llm_pure.replay.checks.check import read_call
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, Success
from tests.support.cassettes import chat_providers, config_for, recorded
from tests.support.mutants import Mutant, mutate

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared/corpus"
FAILURES = ROOT / ".fuzz"
MAX_SEED_BYTES = 20_000
S_FOR_10_KB = 0.05
"""Maximum CPU time of one call for 10 kB of body."""
SLOWEST_S = 0.05
"""A call below that is not measured again: other processes make times vary."""
OPERATIONS = {
    "embed": "embed",
    "count": "count_tokens",
    "images": "images",
    "speech": "speech",
    "transcribe": "transcribe",
    "moderate": "moderate",
    "models": "models",
}


class Seed(msgspec.Struct, frozen=True):
    """One recorded response and its reader."""

    provider: str
    operation: str
    streamed: bool
    response: HttpResponse


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What one mutant showed."""

    kind: str
    """raised | split | slow | type"""
    where: str
    """The innermost line of the package, or the call."""
    provider: str
    operation: str
    streamed: bool
    detail: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    """In base64."""
    pieces: tuple[int, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Problems with the same key are one."""
        return self.kind, self.where


def seeds(corpus: Path | None = CORPUS) -> list[Seed]:
    """Every response of cassettes/ and of the corpus, if it is there, in a stable order."""
    found = [
        Seed(entry.provider.name, entry.operation, entry.streamed, entry.interaction.response)
        for entry in recorded()
    ]
    if corpus is not None and corpus.is_dir():
        found += _corpus(corpus)
    return [seed for seed in found if len(seed.response.body) <= MAX_SEED_BYTES]


def _corpus(folder: Path) -> Iterator[Seed]:
    for file in sorted(find_cassettes(folder)):
        entries = read_file(file).bind(parse_entries)
        for entry in () if isinstance(entries, Failure) else entries.unwrap():
            interaction = entry.value_or(None)
            call = None if interaction is None else read_call(interaction, registry)
            if interaction is not None and call is not None:
                yield Seed(call.provider.name, call.operation, call.streamed, interaction.response)


def check(seed: Seed, mutant: Mutant, random: Random) -> Generator[Problem, None, None]:
    """Yield what is wrong with the reading of one mutant."""
    provider, response = registry.get(seed.provider).unwrap(), mutant.response
    problem = _Problems(seed, mutant)
    operation = getattr(provider, OPERATIONS.get(seed.operation, ""), None)
    if operation is not None:
        result = yield from problem.call("parse", lambda: operation.parse(response))
        yield from problem.call("repr", lambda: repr(result))
        return
    result = yield from problem.call("parse_chat", lambda: provider.parse_chat(response))
    yield from problem.result(result)
    yield from problem.call("repr", lambda: repr(result))
    completion = result.value_or(None) if isinstance(result, Success) else None
    if seed.streamed or random.random() < 0.2:
        cuts = (0, *mutant.pieces, len(response.body))
        pieces = [response.body[a:b] for a, b in pairwise(cuts)]
        whole = yield from problem.call(
            "stream", lambda: read_pieces(provider.open_stream(response.head), [response.body])
        )
        parts = yield from problem.call(
            "stream in pieces", lambda: read_pieces(provider.open_stream(response.head), pieces)
        )
        if whole is not None and parts is not None and _seen(whole) != _seen(parts):
            yield problem.of("split", "stream", f"{whole!r:.600} != {parts!r:.600}")
        decoder = provider.open_stream(response.head)
        decoder.feed(response.body)
        if not isinstance(decoder.close(), Failure):
            completion = decoder.partial()
    if isinstance(completion, Completion):
        for name in (seed.provider, random.choice(chat_providers())):
            yield from problem.call(
                f"build for {name}", lambda name=name: build_next(name, completion)
            )


def build_next(name: str, completion: Completion) -> object:
    """Append a completion and its alternatives to a conversation, and build the next request."""
    provider = registry.get(name).unwrap()
    request = ChatRequest(messages=(user("a"), completion.message, user("b")))
    return provider.build_chat(config_for(name), request)


def _seen(outcome: Any) -> tuple[Any, str]:
    """Events with runs of text joined are the same at any split; errors are compared by their text."""
    events, error = outcome
    return [repr(event) for event in events], repr(error)


class _Problems:
    """Makes problems of one mutant."""

    def __init__(self, seed: Seed, mutant: Mutant) -> None:
        self.seed = seed
        self.mutant = mutant

    def of(self, kind: str, where: str, detail: str) -> Problem:
        response = self.mutant.response
        provider: Provider = registry.get(self.seed.provider).unwrap()
        return Problem(
            kind=kind,
            where=where if kind == "raised" else f"{provider.dialect} {where}",
            provider=self.seed.provider,
            operation=self.seed.operation,
            streamed=self.seed.streamed,
            detail=detail,
            status=response.status,
            headers=response.headers,
            body=base64.b64encode(response.body).decode(),
            pieces=self.mutant.pieces,
        )

    def call(self, name: str, function: Any) -> Generator[Problem, None, Any]:
        """Make a call; its value is the generator's value, None if it raised."""
        limit = max(SLOWEST_S, S_FOR_10_KB * len(self.mutant.response.body) / 10_000)
        begin = time.thread_time()
        try:
            value = function()
        except Exception as error:  # noqa: BLE001
            yield self.of(
                "raised", _innermost(error), f"{name}: {type(error).__name__}: {error!s:.200}"
            )
            return None
        spent = time.thread_time() - begin
        if spent > limit:
            spent = min(spent, *[_again(function) for _ in range(2)])
            if spent > limit:
                yield self.of(
                    "slow",
                    name,
                    f"{spent * 1000:.0f} ms for {len(self.mutant.response.body)} bytes",
                )
        return value

    def result(self, value: Any) -> Iterator[Problem]:
        if value is not None and not isinstance(value, Success | Failure):
            yield self.of("type", "parse_chat", f"no Result: {type(value).__name__}")


def _again(function: Any) -> float:
    begin = time.thread_time()
    function()
    return time.thread_time() - begin


def _innermost(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        frame
        for frame in frames
        if "/llm_pure/" in frame.filename or "/adapters/" in frame.filename
    ]
    frame = (ours or frames)[-1]
    path = (
        frame.filename.rpartition("/llm_pure/")[2]
        if "/llm_pure/" in frame.filename
        else frame.filename
    )
    return f"{type(error).__name__} at {path}:{frame.name}"


@cache
def _all_seeds(corpus: str | None) -> tuple[Seed, ...]:
    return tuple(seeds(Path(corpus) if corpus else None))


def run_case(number: int, seed: int, corpus: str | None = None) -> list[Problem]:
    """Return the problems of mutant `number` of a run with this seed; the same for the same numbers and seeds."""
    all_seeds = _all_seeds(corpus)
    random = Random(f"{seed}:{number}")
    chosen = all_seeds[number % len(all_seeds)]
    others = [random.choice(all_seeds).response for _ in range(2)]
    mutant = mutate(chosen.response, others, random)
    return list(check(chosen, mutant, random))


def run(
    cases: Sequence[int], seed: int, corpus: str | None = None
) -> dict[tuple[str, str], list[Problem]]:
    """Run these cases in this process; key -> problems."""
    problems: dict[tuple[str, str], list[Problem]] = {}
    for number in cases:
        for problem in run_case(number, seed, corpus):
            problems.setdefault(problem.key, []).append(problem)
    return problems


def _work(job: int, jobs: int, options: argparse.Namespace, queue: Any) -> None:
    until = time.monotonic() + options.seconds
    done = 0
    sent = time.monotonic()
    for number in range(job, options.cases, jobs):
        problems = run_case(number, options.seed, options.corpus)
        done += 1
        if problems or time.monotonic() - sent > 1:
            queue.put((done, number, problems))
            done, sent = 0, time.monotonic()
        if time.monotonic() > until:
            break
    queue.put((done, -1, []))


def main() -> int:
    """Run all cases on all cores, with a line of progress every ten seconds."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--corpus", default=str(CORPUS) if CORPUS.is_dir() else None)
    parser.add_argument("--replay", type=Path)
    options = parser.parse_args()
    if options.replay:
        return replay(options.replay)
    options.seed = int(time.time()) if options.seed is None else options.seed
    print(
        f"seed {options.seed}, {len(_all_seeds(options.corpus))} recorded responses, {options.jobs} processes",
        flush=True,
    )
    queue: Any = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=_work, args=(job, options.jobs, options, queue))
        for job in range(options.jobs)
    ]
    for worker in workers:
        worker.start()
    done, running, shown = 0, len(workers), time.monotonic()
    begin = shown
    counts: dict[tuple[str, str], int] = {}
    while running:
        try:
            more, number, problems = queue.get(timeout=60)
        except Empty:  # a process ended without its last line
            print("no news for a minute")
            break
        done += more
        running -= number < 0
        for problem in problems:
            counts[problem.key] = counts.get(problem.key, 0) + 1
            if counts[problem.key] == 1:
                _save(problem, options.seed, number)
        if time.monotonic() - shown > 10 or not running:
            shown = time.monotonic()
            print(
                f"{shown - begin:5.0f} s  {done:,} mutants  {len(counts)} kinds of problems",
                flush=True,
            )
    for worker in workers:
        worker.join(5)
    for (kind, where), count in sorted(counts.items(), key=lambda item: -item[1]):
        print(f"{count:6} {kind:6} {where}")
    if done < options.cases:
        print(f"only {done:,} of {options.cases:,} mutants in {options.seconds:.0f} s")
    return 1 if counts or done < options.cases else 0


def _save(problem: Problem, seed: int, number: int) -> None:
    FAILURES.mkdir(exist_ok=True)
    file = FAILURES / f"{seed}-{number}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(problem)))
    print(f"{problem.kind}: {problem.provider} {problem.where}: {problem.detail[:200]}")
    print(f"  .venv/bin/python -m tests.support.fuzz --replay {file.relative_to(ROOT)}", flush=True)


def replay(file: Path) -> int:
    """Check one saved mutant again, with tracebacks."""
    saved = msgspec.json.decode(file.read_bytes(), type=Problem)
    response = HttpResponse(saved.status, saved.headers, base64.b64decode(saved.body))
    seed = Seed(saved.provider, saved.operation, saved.streamed, response)
    print(
        f"{saved.provider} {saved.operation}, status {saved.status}, {len(response.body)} bytes: {response.body[:2000]!r}"
    )
    problems = list(check(seed, Mutant(response=response, pieces=saved.pieces), Random(0)))
    for problem in problems:
        print(f"{problem.kind}: {problem.where}: {problem.detail}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
