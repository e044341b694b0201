"""Records of a check -> lines for people. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator

from llm_pure.replay.checks.check import CheckRecord, exit_code_of


def report_lines(records: Iterable[CheckRecord]) -> Iterator[str]:
    """A line for each record as it comes, and the counts last."""
    outcomes: Counter[str] = Counter()
    failed = 0
    for record in records:
        outcomes[record.outcome] += 1
        failed += exit_code_of(record) != 0
        yield record_line(record)
    counts = ", ".join([f"{count} {outcome}" for outcome, count in sorted(outcomes.items())])
    total = sum(outcomes.values())
    yield f"{total} interactions: {counts or 'no cassette was found'}; {failed} could not be read"


def record_line(record: CheckRecord) -> str:
    """One line: how it went, who reads it, what it says, where it stands.

    >>> record_line(CheckRecord(file="a.yaml", provider="groq", operation="chat", reason="not now"))
    'skip  groq              chat           not now  a.yaml#0'
    """
    mark = "FAIL" if exit_code_of(record) else "skip" if record.outcome == "skipped" else "ok"
    streamed = "stream" if record.streamed else ""
    head = f"{mark:4}  {record.provider:16}  {record.operation:5}  {streamed:6}"
    return f"{head}  {_told(record)}  {record.file}#{record.index}"


def _told(record: CheckRecord) -> str:
    if record.error is not None:
        return f"{record.error.kind}: {' '.join(record.error.message.split())[:100]}"
    if record.reason is not None:
        return record.reason
    told = [record.finish_reason or record.outcome]
    if record.text:
        told.append(f"{len(record.text)} characters")
    if record.reasoning:
        told.append(f"{len(record.reasoning)} of reasoning")
    if record.tool_calls:
        told.append("calls " + " ".join([call.name for call in record.tool_calls]))
    usage = record.usage
    if usage is not None and usage.input_tokens is not None:
        output = "" if usage.output_tokens is None else f" + {usage.output_tokens}"
        told.append(f"{usage.input_tokens}{output} tokens")
    return ", ".join(told)
