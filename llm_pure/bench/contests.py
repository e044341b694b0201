"""Samples -> contests: what is timed against what, for streams, complete answers, requests and texts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

import msgspec

from llm_pure.bench.peers import Reader, peer, readers
from llm_pure.bench.peers.ours import read_provider
from llm_pure.bench.recordings import AnswerCase, RequestCase, StreamCase
from llm_pure.bench.timing import Prepare, Run
from llm_pure.tokens import TokenCounter, count_text

FLOOR, OURS, TIKTOKEN = "bare msgspec", "llm-pure", "raw tiktoken"

SHORT_EVENTS = 20
"""A stream with at most so many events is short: opening and closing it costs more than its events."""
SHORT_TOKENS = 100
"""A text with at most so many tokens is short."""

C = TypeVar("C")


class Contest(msgspec.Struct, frozen=True, kw_only=True):
    """One group of calls, and the jobs that read all of them."""

    kind: str
    dialect: str
    length: str
    calls: int
    of_calls: int
    events: int
    size: int
    contestants: tuple[str, ...]
    """Their names, the floor first."""
    jobs: Mapping[str, Prepare]
    """Contestant, or "first" and "fixed" for parts of our work -> the job."""
    largest: Mapping[str, Prepare]
    """Contestant -> the job on the largest call alone, whose memory is measured."""
    floor: str = FLOOR
    ours: str = OURS
    parts: tuple["Contest", ...] = ()
    """Contests of peers that read only some of the calls."""


def all_of(jobs: Sequence[Prepare]) -> Prepare:
    """Return the job that does these jobs one after the other."""

    def prepare() -> Run:
        runs = [job() for job in jobs]

        def run() -> None:
            for each in runs:
                each()

        return run

    return prepare


def stream_contests(cases: Iterable[StreamCase], *, peers: bool) -> Iterator[Contest]:
    """Yield a contest for each dialect and length, in order of the dialects' names, long streams first."""
    groups = _grouped(
        cases,
        lambda case: (
            case.sample.dialect,
            "short" if case.sample.events <= SHORT_EVENTS else "long",
        ),
    )
    for (dialect, length), group in groups:
        yield _stream_contest(dialect, length, group, readers(dialect) if peers else {})


def _stream_contest(
    dialect: str, length: str, group: Sequence[StreamCase], peers: Mapping[str, Reader]
) -> Contest:
    complete: dict[str, Reader] = {}
    parts: list[Contest] = []
    for name, reader in peers.items():
        readable = [case for case in group if _reads(reader, case)]
        if len(readable) == len(group):
            complete[name] = reader
        elif readable:
            part = _contest_of(dialect, length, readable, {name: reader})
            parts.append(msgspec.structs.replace(part, of_calls=len(group)))
    contest = _contest_of(dialect, length, group, complete)
    jobs = {
        **contest.jobs,
        "first": all_of([partial(_first_event, case) for case in group]),
        "fixed": all_of([partial(_open_and_close, case) for case in group]),
    }
    return msgspec.structs.replace(contest, jobs=jobs, parts=tuple(parts))


def _contest_of(
    dialect: str, length: str, group: Sequence[StreamCase], peers: Mapping[str, Reader]
) -> Contest:
    largest = max(group, key=lambda case: len(case.sample.body))
    contestants: dict[str, Callable[[StreamCase], Prepare]] = {
        FLOOR: lambda case: _decode_all(case.sample.payloads),
        OURS: lambda case: read_provider(case.provider, case.sample, case.sample.pieces()),
        **{name: partial(_peer_job, reader) for name, reader in peers.items()},
    }
    return Contest(
        kind="streams",
        dialect=dialect,
        length=length,
        calls=len(group),
        of_calls=len(group),
        events=sum([case.sample.events for case in group]),
        size=sum([len(case.sample.body) for case in group]),
        contestants=tuple(contestants),
        jobs={name: all_of([job(case) for case in group]) for name, job in contestants.items()},
        largest={name: job(largest) for name, job in contestants.items()},
    )


def _peer_job(reader: Reader, case: StreamCase) -> Prepare:
    return reader(case.sample, case.sample.pieces())


def _reads(reader: Reader, case: StreamCase) -> bool:
    """Return whether a peer reads a stream to the same text. A stranger's stream may hold what it does not know."""
    with suppress(Exception):  # any error of another library: it cannot read the stream
        return _peer_job(reader, case)()() == case.sample.text
    return False


def _decode_all(payloads: Sequence[bytes]) -> Prepare:
    def decode_all() -> None:
        decode = msgspec.json.decode
        for payload in payloads:
            decode(payload)

    return lambda: decode_all


def _first_event(case: StreamCase) -> Run:
    head = case.sample.head
    start = case.sample.body[: case.first_bytes]
    return lambda: case.provider.open_stream(head).feed(start)


def _open_and_close(case: StreamCase) -> Run:
    """Open one decoder; close another, which has read the stream."""
    head = case.sample.head
    fed = case.provider.open_stream(head)
    fed.feed(case.sample.body)

    def run() -> None:
        case.provider.open_stream(head)
        fed.close()

    return run


def answer_contests(cases: Iterable[AnswerCase]) -> Iterator[Contest]:
    """Yield a contest for each dialect: complete answers against a decode of their bodies."""
    for (dialect, length), group in _grouped(cases, lambda case: (case.provider.dialect, "all")):
        contestants: dict[str, Callable[[AnswerCase], Prepare]] = {
            FLOOR: lambda case: _decode_all((case.response.body,)),
            OURS: lambda case: lambda: lambda: case.provider.parse_chat(case.response),
        }
        sizes = [len(case.response.body) for case in group]
        yield _contest("answers", dialect, length, group, sizes, contestants)


def build_contests(cases: Iterable[RequestCase]) -> Iterator[Contest]:
    """Yield a contest for each dialect: requests built anew against an encode of the recorded bodies."""
    for (dialect, length), group in _grouped(cases, lambda case: (case.provider.dialect, "all")):
        contestants: dict[str, Callable[[RequestCase], Prepare]] = {
            FLOOR: lambda case: lambda: lambda: msgspec.json.encode(case.body),
            OURS: lambda case: lambda: lambda: case.provider.build_chat(case.config, case.request),
        }
        sizes = [case.size for case in group]
        yield _contest("build", dialect, length, group, sizes, contestants)


def token_contests(
    texts: Sequence[str],
    counter: TokenCounter,
    encode: Callable[[str], Sequence[int]],
    *,
    model: str,
    peers: bool,
) -> Iterator[Contest]:
    """Yield a contest of long texts and one of short ones. encode: tiktoken's own."""
    counters: dict[str, Callable[[str], Prepare]] = {
        TIKTOKEN: lambda text: lambda: lambda: len(encode(text)),
        OURS: lambda text: lambda: lambda: count_text(counter, text).tokens,
    }
    count_by_peer = peer("litellm", "COUNTERS") if peers else {}
    if "text" in count_by_peer:
        counters["litellm"] = partial(count_by_peer["text"], model)
    encoding = counter.tokenizer.encoding
    for (length,), group in _grouped(
        texts, lambda text: ("short" if len(encode(text)) <= SHORT_TOKENS else "long",)
    ):
        sizes = [len(text.encode("utf-8", "replace")) for text in group]
        contest = _contest("tokens", encoding, length, group, sizes, counters, floor=TIKTOKEN)
        tokens = sum([len(encode(text)) for text in group])
        yield msgspec.structs.replace(contest, events=tokens)


def _contest(
    kind: str,
    dialect: str,
    length: str,
    group: Sequence[C],
    sizes: Sequence[int],
    contestants: Mapping[str, Callable[[C], Prepare]],
    floor: str = FLOOR,
) -> Contest:
    largest = group[sizes.index(max(sizes))]
    return Contest(
        kind=kind,
        dialect=dialect,
        length=length,
        calls=len(group),
        of_calls=len(group),
        events=0,
        size=sum(sizes),
        contestants=tuple(contestants),
        jobs={name: all_of([job(case) for case in group]) for name, job in contestants.items()},
        largest={name: job(largest) for name, job in contestants.items()},
        floor=floor,
    )


def _grouped(
    cases: Iterable[C], key: Callable[[C], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], list[C]]]:
    groups: defaultdict[tuple[str, ...], list[C]] = defaultdict(list)
    for case in cases:
        groups[key(case)].append(case)
    return sorted(groups.items())
