"""The log: lines that any version reads, states folded from them, torn and foreign lines."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Completion, LLMError, Usage, assistant
from llm_pure.bulk import Done, Entry, GaveUp, Item, Row, join, plan
from llm_pure.bulk.entries import (
    FINAL_KINDS,
    Job,
    Leased,
    Retried,
    Sent,
    Stopped,
    decode_entry,
    decode_head,
    decode_heads,
    decode_log,
    encode_entry,
    is_final,
)
from llm_pure.bulk.log_files import LogReader, LogWriter, log_paths, next_start, scan_lines
from llm_pure.bulk.row_states import FINAL, OPEN, PASSING, RowStates
from llm_pure.policy.simulation import ERRORS
from llm_pure.types.errors import InvalidRequest, ProtocolError, RateLimited, StreamInterrupted

ID = "0" * 32
COMPLETION = Completion(message=assistant("x"), usage=Usage(10, 5, raw={"a": None}), extra={"b": 1})
ENTRIES: list[Entry] = [
    Done(
        id=ID, row=3, custom_id='a","completion":', cost_usd=Decimal("0.1"), completion=COMPLETION
    ),
    Done(id=ID, error=ProtocolError(message="no", evidence=b"\xff")),
    GaveUp(id=ID, error=StreamInterrupted(message="cut", partial=COMPLETION)),
    Sent(job="j", ids=(ID,), rows=(3,)),
    Job(job="j", state="running", data={"id": "batch_1"}),
    Leased(usd=Decimal("1.5")),
    Retried(errors=("timeout",)),
    Stopped(reason="budget"),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_an_entry_is_one_line_and_back(entry: Entry) -> None:
    line = encode_entry(entry)
    assert line.count(b"\n") == 1
    assert decode_entry(line) == entry
    head = decode_head(line[:-1])
    assert head is not None
    assert head.kind == entry.__struct_config__.tag


def test_the_head_has_what_counts_and_nothing_of_the_answer() -> None:
    head = decode_head(encode_entry(ENTRIES[0])[:-1])
    assert head is not None
    assert (head.id, head.row, head.cost_usd, head.error_kind) == (ID, 3, "0.1", "")
    assert head.usage is not None
    assert (head.usage.input_tokens, head.usage.output_tokens) == (10, 5)


def test_a_line_of_the_first_release_is_read() -> None:
    line = (
        b'{"kind":"done","id":"%s","row":1,"custom_id":"a","cost_usd":"0.25","usage":{"input_tokens":1},"attempts":2,'
        b'"took_s":0.5,"at":"","novel":[1],"completion":{"id":"c","message":{"role":"assistant","parts":[]}},"error":null}'
        % ID.encode()
    )
    entry = decode_entry(line)
    assert isinstance(entry, Done)
    assert (entry.cost_usd, entry.attempts) == (Decimal("0.25"), 2)
    assert entry.completion == Completion(id="c", message=assistant())


def test_unknown_kinds_and_a_torn_last_line_are_left_out() -> None:
    good = encode_entry(ENTRIES[0])
    data = good + b'{"kind":"novel","x":1}\n' + b"damaged\n" + good[:-10]
    assert list(decode_log(data)) == [ENTRIES[0]]


@given(st.binary(max_size=80))
def test_no_bytes_raise(data: bytes) -> None:
    decode_entry(data)
    decode_head(data)
    list(decode_log(data))


@given(st.integers(0, 300), st.integers(1, 50))
def test_a_log_cut_anywhere_has_a_prefix_of_its_entries(cut: int, chunk: int) -> None:
    data = b"".join(map(encode_entry, ENTRIES))
    cut = len(data) * cut // 300
    entries = list(decode_log(data[:cut]))
    assert entries == ENTRIES[: len(entries)]
    assert len(entries) == data[:cut].count(b"\n")


LINES = st.lists(
    st.sampled_from([encode_entry(entry)[:-1] for entry in ENTRIES])
    | st.sampled_from([
        b"", b"}", b"damaged", b"{}", b"{} {}", b"null", b'{"kind":"done"', b',"completion":}', b'{"kind":"x","completion":1}',
        b'{"kind":"done","id":"\xff"}', b'{"a":{}', b',"b":{}}',
    ]),
    max_size=6,
)  # fmt: skip


@given(LINES, st.sampled_from([b"", b'{"kind":"done","id":"1"}', b'{"ki']))
def test_heads_of_a_part_are_those_of_its_lines(lines: list[bytes], rest: bytes) -> None:
    part = b"".join([line + b"\n" for line in lines])
    starts = [
        len(b"".join([line + b"\n" for line in lines[:number]])) for number in range(len(lines))
    ]
    assert decode_heads(part + rest) == ([decode_head(line) for line in lines], starts, len(part))


def test_every_kind_of_error_is_final_or_may_pass() -> None:
    passing = {
        "rate_limited",
        "overloaded",
        "server_error",
        "timeout",
        "connection",
        "stream_interrupted",
        "quota",
        "budget_exceeded",
    }
    kinds = {str(kind.__struct_config__.tag) for kind in LLMError.__args__}
    assert FINAL_KINDS | passing == kinds
    assert not FINAL_KINDS & passing
    for name, kind in ERRORS.items():
        assert is_final(kind(message="x")) == (name in FINAL_KINDS)


def states(*entries: Entry, rows: int = 3) -> RowStates:
    folded = RowStates(rows, lambda name, hint: (int(name, 16),) if int(name, 16) < rows else ())
    for position, entry in enumerate(entries):
        head = decode_head(encode_entry(entry)[:-1])
        assert head is not None
        folded.add(head, position)
    return folded


def end(row: int, error: LLMError | None = None, cost: str | None = None) -> Entry:
    name = f"{row:032x}"
    cost_usd = None if cost is None else Decimal(cost)
    if error is None:
        return Done(id=name, completion=COMPLETION, cost_usd=cost_usd)
    kind = Done if is_final(error) else GaveUp
    return kind(id=name, error=error, cost_usd=cost_usd)


FINAL_ERROR, PASSING_ERROR = InvalidRequest(message="no"), RateLimited(message="later")


def test_an_answer_counts_before_errors_and_the_last_error_before_earlier_ones() -> None:
    folded = states(end(0), end(0, FINAL_ERROR), end(1, PASSING_ERROR), end(1, FINAL_ERROR))
    assert folded.counts() == {(OPEN, ""): 1, (1, ""): 1, (FINAL, "invalid_request"): 1}
    assert list(folded.lines)[:2] == [0, 3]


def test_what_was_paid_twice_counts_twice() -> None:
    folded = states(end(0, cost="0.1"), end(0, cost="0.2"), end(1, FINAL_ERROR))
    assert folded.cost_usd == Decimal("0.3")
    assert (folded.input_tokens, folded.output_tokens, folded.unpriced) == (20, 10, 0)


def test_retry_opens_the_rows_of_its_kinds() -> None:
    ends = (end(0), end(1, FINAL_ERROR), end(2, PASSING_ERROR))
    assert list(states(*ends).open_rows()) == [2]
    assert list(states(*ends).open_rows(passing=False)) == []
    assert list(states(*ends, Retried(errors=("invalid_request",))).open_rows(passing=False)) == [1]
    assert list(states(*ends, Retried()).open_rows(passing=False)) == [1, 2]


@given(
    st.lists(
        st.builds(
            lambda row, hint, cost, error, final: (Done if final else GaveUp)(
                id=f"{row:032x}",
                row=hint,
                cost_usd=cost,
                completion=None if error else COMPLETION,
                error=RateLimited(message="x") if error else None,
            ),
            st.integers(0, 4),
            st.integers(-1, 4),
            st.sampled_from([None, Decimal("0.1"), Decimal("0.25")]),
            st.booleans(),
            st.booleans(),
        )
        | st.sampled_from([Retried(), Stopped(reason="budget"), Sent(job="j"), None]),
        max_size=12,
    )
)
def test_lines_folded_together_are_as_one_after_the_other(entries: list[Entry | None]) -> None:
    def row_of(name: str, hint: int) -> tuple[int, ...]:
        return (int(name, 16),) if int(name, 16) < 3 else ()

    def are_at(names: list[str], hints: list[int]) -> bool:
        return all(row_of(name, hint) == (hint,) for name, hint in zip(names, hints, strict=True))

    lines = [b"damaged" if entry is None else encode_entry(entry)[:-1] for entry in entries]
    one, together = RowStates(3, row_of), RowStates(3, row_of, are_at)
    for position, line in enumerate(lines):
        head = decode_head(line)
        if head is not None:
            one.add(head, 100 + position)
    together.add_all([decode_head(line) for line in lines], range(len(lines)), 100)
    assert together.snapshot("", ()) == one.snapshot("", ())


def test_a_row_that_ended_after_the_stop_shows_that_the_run_went_on() -> None:
    assert states(end(0), Stopped(reason="budget")).stopped is not None
    assert states(Stopped(reason="budget"), end(0)).stopped is None


def test_lines_of_rows_that_the_run_no_longer_has_are_counted_apart() -> None:
    folded = states(end(7, cost="1"), end(0))
    assert (folded.foreign, folded.cost_usd) == (1, Decimal(1))


def test_a_snapshot_restores_all_and_refuses_everything_else() -> None:
    before = states(end(0, cost="0.1"), end(1, FINAL_ERROR), Stopped(reason="budget"))
    data = before.snapshot("plan", [("local-0001.jsonl", 77)])
    after = states()
    assert after.restore(data, "plan") == (("local-0001.jsonl", 77),)
    assert after.counts() == before.counts()
    assert (after.cost_usd, after.lines, after.stopped) == (
        before.cost_usd,
        before.lines,
        before.stopped,
    )
    for damaged in (b"", data[:-1], data[:40], data[:20] + b"x" + data[21:]):
        assert states().restore(damaged, "plan") == ()
    assert states().restore(data, "another plan") == ()
    assert states(rows=4).restore(data, "plan") == ()
    assert PASSING not in {state for state, _ in after.counts()}


def test_logs_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("b-0002", "a-0010", "a-0002", "spare-x", "local-0001"):
        (tmp_path / "log").mkdir(exist_ok=True)
        (tmp_path / "log" / f"{name}.jsonl").touch()
    assert [path.stem for path in log_paths(tmp_path)] == [
        "local-0001",
        "a-0002",
        "b-0002",
        "a-0010",
    ]
    assert next_start(tmp_path) == 11


def test_a_writer_writes_whole_lines_without_secrets(tmp_path: Path) -> None:
    log = LogWriter(tmp_path, "local", 1, secrets=["canary-key"], calls=2)
    leak = Completion(message=assistant("the key is canary-key"))
    offset = log.write(Done(id=ID, completion=leak))
    second = log.write(ENTRIES[0])
    log.close()
    data = log.path.read_bytes()
    assert b"canary" not in data
    assert (offset, second) == (0, data.index(b"\n") + 1)
    assert log.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "log").iterdir()] == ["local-0001.jsonl"]
    reader = LogReader([log.path])
    assert reader.read(second) == ENTRIES[0]
    reader.close()


def test_lines_are_the_same_from_any_offset_and_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_pure.bulk.log_files._CHUNK", 7)
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"one\n\ntwo three four\nfive")
    lines = [(0, b"one"), (4, b""), (5, b"two three four")]
    assert list(scan_lines(path)) == lines
    assert list(scan_lines(path, 4)) == lines[1:]


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 7))
def test_shards_have_every_open_row_once(open_: list[bool], size: int) -> None:
    ids = [bytes([number]) for number in range(len(open_))]
    done = {item for item, is_open in zip(ids, open_, strict=True) if not is_open}
    shards = list(plan(ids, done, shard_rows=size))
    assert [row for shard in shards for row in shard.rows] == [
        n for n, is_open in enumerate(open_) if is_open
    ]
    assert all(
        shard.start <= row < shard.stop <= shard.start + size
        for shard in shards
        for row in shard.rows
    )


def test_join_is_in_the_order_of_the_rows() -> None:
    rows = [(bytes([n]), Row(index=n, custom_id=f"c{n}", key=b"")) for n in range(3)]
    ends: dict[bytes, Done | GaveUp] = {
        bytes([2]): Done(id="2", completion=COMPLETION),
        bytes([0]): GaveUp(id="0", error=PASSING_ERROR),
    }
    first, second = join(rows, ends)
    assert (first.row.index, first.result.failure(), first.passing) == (0, PASSING_ERROR, True)
    assert (second.row.index, second.result.unwrap()) == (2, COMPLETION)
    assert Item(b"x", 0) == msgspec.structs.replace(Item(b"x", 1), ordinal=0)
