"""The law of disorders: a deformed answer gives the Completion of the original one, and no cut of a deformed stream is a
short or long success.

May differ everywhere: fields named `UNKNOWN_FIELD`; fields with null in `extra`, `usage.raw` and provider metadata; white space
in JSON kept as text. Besides: what `Disorder.may_differ` lists. Everything else is compared. Pure.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from llm_pure.core.collect import collect
from llm_pure.core.provider import Provider
from llm_pure.replay.checks.stream_properties import check_properties, read_pieces
from llm_pure.replay.disorders.answer import RecordedAnswer
from llm_pure.replay.disorders.disorder import UNKNOWN_FIELD, Difference, Disorder
from llm_pure.types.completion import Completion
from llm_pure.types.result import Failure, LLMResult

_TEXT_LIMIT = 120


class DisorderDivergence(msgspec.Struct, frozen=True, kw_only=True):
    """A deformed answer that is not read like the original one."""

    disorder: str
    property: str
    """"completion": the Completion differs; else the property of streams that fails."""
    at: str
    """Path of the first difference in the Completion; else how the body was split or cut."""
    expected: str
    actual: str
    answer: RecordedAnswer
    """The deformed answer; for a cut the bytes before it."""


def read_answer(provider: Provider, answer: RecordedAnswer) -> LLMResult[Completion]:
    """Read an answer at once: with `open_stream` if it is streamed, else with `parse_chat`."""
    if not answer.streamed:
        return provider.parse_chat(answer.response)
    events, error = read_pieces(provider.open_stream(answer.response.head), [answer.response.body])
    return Failure(error) if error is not None else collect(events)


def check_disorders(
    provider: Provider,
    answer: RecordedAnswer,
    disorders: Iterable[Disorder],
    *,
    seed: int = 0,
    rounds: int = 4,
    every_byte: bool = False,
) -> Iterator[tuple[Disorder, DisorderDivergence | None]]:
    """Yield each disorder that applies, with the first divergence or None.

    Nothing is yielded for an answer that is an error. A stream is also checked with `rounds` random splits and cuts;
    every_byte: with single bytes, and cut before every byte.
    """
    original = read_answer(provider, answer)
    if isinstance(original, Failure):
        return
    for disorder in disorders:
        deformed = disorder.apply(answer)
        if deformed is not None:
            divergence = check_meaning(provider, disorder, original.unwrap(), deformed)
            if divergence is None and deformed.streamed:
                divergence = _check_stream(provider, disorder, deformed, seed, rounds, every_byte)
            yield disorder, divergence


def first_divergence(
    provider: Provider, disorder: Disorder, answer: RecordedAnswer
) -> DisorderDivergence | None:
    """Return the divergence of one disorder; None if there is none, or the disorder does not apply."""
    checks = check_disorders(provider, answer, (disorder,))
    return next((divergence for _, divergence in checks), None)


def check_meaning(
    provider: Provider, disorder: Disorder, original: Completion, deformed: RecordedAnswer
) -> DisorderDivergence | None:
    """Compare the Completion of a deformed answer with the original one."""
    try:
        result = read_answer(provider, deformed)
    except Exception as error:  # noqa: BLE001 - a parser that raises is a divergence too
        difference = ("", "a Completion", f"{type(error).__name__}: {error}")
    else:
        if isinstance(result, Failure):
            failure = result.failure()
            difference = ("", "a Completion", f"{failure.kind}: {failure.message}")
        else:
            expected = comparable(original, disorder.may_differ)
            actual = comparable(result.unwrap(), disorder.may_differ)
            if expected == actual:
                return None
            difference = first_difference(expected, actual)
    return DisorderDivergence(
        disorder=disorder.name,
        property="completion",
        at=difference[0],
        expected=difference[1],
        actual=difference[2],
        answer=deformed,
    )


def _check_stream(
    provider: Provider,
    disorder: Disorder,
    deformed: RecordedAnswer,
    seed: int,
    rounds: int,
    every_byte: bool,
) -> DisorderDivergence | None:
    response = deformed.response
    report = check_properties(
        provider,
        response.head,
        response.body,
        seed=seed,
        rounds=rounds,
        corruptions=0,
        every_byte=every_byte,
    )
    for bug in report.divergences:
        cut = msgspec.structs.replace(response, body=bug.body)
        return DisorderDivergence(
            disorder=disorder.name,
            property=bug.property,
            at=bug.at,
            expected=bug.expected,
            actual=bug.actual,
            answer=msgspec.structs.replace(deformed, response=cut),
        )
    return None


def comparable(completion: Completion, may_differ: tuple[Difference, ...] = ()) -> dict[str, Any]:
    """Return a Completion as JSON values, without what may differ."""
    value: dict[str, Any] = _plain(msgspec.to_builtins(completion), "number_text" in may_differ)
    if "id" in may_differ:
        del value["id"]
    for message in [value["message"], *[choice["message"] for choice in value["alternatives"]]]:
        if "text_parts" in may_differ:
            message["parts"] = _joined_texts(message["parts"])
        for part in message["parts"]:
            if "tool_call_ids" in may_differ and part["type"] == "tool_call":
                del part["id"]
            if "part_metadata" in may_differ:
                part.pop("provider_metadata", None)
    return value


def _joined_texts(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join neighbouring texts, or reasoning, with nothing but text; drop empty ones."""
    joined: list[dict[str, Any]] = []
    for part in parts:
        plain = {name: field for name, field in part.items() if field is not None}
        before = joined[-1] if joined else {}
        if plain.keys() != {"type", "text"}:
            joined.append(part)
        elif {**part, "text": ""} == {**before, "text": ""}:
            joined[-1] = {**part, "text": before["text"] + part["text"]}
        elif part["text"]:
            joined.append(part)
    return joined


_KEPT_AS_TEXT = ("arguments", "json")
"""Fields of a Completion that hold JSON as text."""
_KEPT_AS_JSON = ("extra", "raw")
"""Fields of a Completion that hold the provider's JSON."""


def _plain(value: Any, numbers: bool) -> Any:
    """Return a Completion's value in one form: the provider's data without unknown fields, nulls and white space."""
    if isinstance(value, dict):
        return {
            name: _provider_data(field, numbers)
            if name in _KEPT_AS_JSON
            else _decoded(field, numbers)
            if name in _KEPT_AS_TEXT
            else None
            if name == "provider_metadata" and field and _decoded(field["json"], numbers) == {}
            else _plain(field, numbers)
            for name, field in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item, numbers) for item in value]
    return value


def _decoded(text: Any, numbers: bool) -> Any:
    if not isinstance(text, str):
        return text
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
    return _provider_data(value, numbers)


def _provider_data(value: Any, numbers: bool) -> Any:
    if isinstance(value, dict):
        known = {name: field for name, field in value.items() if not _is_added(field, name)}
        return {name: _provider_data(field, numbers) for name, field in known.items()}
    if isinstance(value, list):
        return [_provider_data(item, numbers) for item in value if not _is_added(item)]
    if numbers and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _is_added(value: Any, name: str = "") -> bool:
    """Return whether a value is null, an unknown field, or holds nothing else."""
    if value is None or name == UNKNOWN_FIELD:
        return True
    if isinstance(value, dict):
        return bool(value) and all(_is_added(field, key) for key, field in value.items())
    return isinstance(value, list) and bool(value) and all(_is_added(item) for item in value)


def first_difference(expected: Any, actual: Any, path: str = "") -> tuple[str, str, str]:
    """Return (path, expected value, actual value) of the first difference of two JSON values."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in [*expected, *[name for name in actual if name not in expected]]:
            if name not in expected or name not in actual or expected[name] != actual[name]:
                before, after = expected.get(name, "nothing"), actual.get(name, "nothing")
                return first_difference(before, after, f"{path}.{name}" if path else name)
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (before, after) in enumerate(zip(expected, actual, strict=True)):
            if before != after:
                return first_difference(before, after, f"{path}[{index}]")
    return path, _short(expected), _short(actual)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT] + "..."
