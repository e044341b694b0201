"""The inputs of the faults that were found by attack, with their right values; time is looked at in test_growth.py."""

import pytest

from llm_pure import Completion, assistant
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.gemini_content.partial_args import STEP_LIMIT, join_fragments
from llm_pure.adapters.dialects.gemini_content.wire import PartialArg
from llm_pure.core.error_mapping import parse_go_duration
from llm_pure.output.code import parse_code
from llm_pure.output.json_repair import Repaired, Unrepairable, repair
from llm_pure.output.structured import parse_structured
from llm_pure.replay.json_spans import PATH_LIMIT, iter_json_spans
from llm_pure.replay.secrets.redaction import redact_text
from llm_pure.types.errors import MESSAGE_LIMIT, InvalidRequest, ProtocolError
from llm_pure.types.http import HttpResponse
from llm_pure.types.redact import redact
from llm_pure.types.secret_spellings import three_stars

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4"


@pytest.mark.parametrize(
    "text", ["```" + " " * 10_000, "```json\n" + "\n" * 100_000, "```" + " \n\t" * 5_000 + "``"]
)
def test_white_space_after_a_fence_is_no_object(text: str) -> None:
    assert repair(text) == Unrepairable("no object in the input")
    assert isinstance(
        parse_structured(Completion(message=assistant(text)), dict).failure(), ProtocolError
    )


def test_an_object_in_a_fence_is_read_beside_any_white_space() -> None:
    for space in (" ", "\n", "\r\n", "\t"):
        text = f'```json{space * 1000}{{"a": 1}}{space * 1000}```{space * 1000}'
        result = repair(text)
        assert isinstance(result, Repaired)
        assert (result.value, result.method) == ({"a": 1}, "unwrapped")
    assert repair('```{"a": 1}```').value == {"a": 1}  # type: ignore[union-attr]
    assert repair('a ```x\ny\n``` b ```json\n{"a": 1}\n```').value == {"a": 1}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("```python\nx = 1\n```", "python", "x = 1"),
        ("a\n  ~~~sh\nls\n\n  ~~~\nb", "sh", "ls\n"),
        ("````md\n```\na\n```\n````", "md", "```\na\n```"),
        ("````py\na\n```\nb", "py", "a"),
        ("```a\n~~~b\nc\n~~~", "b", "c"),
        ("```\n```", "python", ""),
    ],
)
def test_code_in_fences_is_read_as_before(text: str, language: str, code: str) -> None:
    result = parse_code(Completion(message=assistant(text)))
    assert (result.language, result.code, result.origin) == (language, code, "fence")


@pytest.mark.parametrize("text", ["```py\na", "~~~\n```", "``\na\n``", "```a```"])
def test_a_fence_that_does_not_close_is_text(text: str) -> None:
    assert parse_code(Completion(message=assistant(text))).origin == "text"


@pytest.mark.parametrize(
    "before", ["", " ", "=", '"', "\\n", "\\u0022", "%3D", "Bearer ", ":", "/", "(", "é"]
)
def test_a_web_token_is_redacted_after_anything_but_a_word(before: str) -> None:
    assert TOKEN not in redact(before + TOKEN)
    assert "SflKxwRJSMeKKF2QT4" not in redact(f"{before}{TOKEN}\\n")


def test_an_error_of_repeated_letters_is_an_error() -> None:
    body = b'{"error":{"message":"' + b"eyJ" * 400_000 + b'"}}'
    error = registry.get("openai").unwrap().parse_chat(HttpResponse(400, (), body)).failure()
    assert isinstance(error, InvalidRequest)
    assert len(error.message) <= MESSAGE_LIMIT


def test_a_long_message_is_cut_at_a_blank_so_that_no_part_of_a_key_stays() -> None:
    key = "k" * 30 + "1"
    message = "word " * (MESSAGE_LIMIT // 5 - 2) + key + " rest" * 1_000
    error = InvalidRequest(message=message)
    assert error.message == "word " * (MESSAGE_LIMIT // 5 - 2) + "..."
    assert InvalidRequest(message="a" * MESSAGE_LIMIT).message == "a" * MESSAGE_LIMIT
    assert (
        InvalidRequest(message="a" * (MESSAGE_LIMIT + 1)).message
        == "a" * (MESSAGE_LIMIT - 2_000) + " ..."
    )


def test_private_keys_are_masked_and_their_beginnings_alone_are_not() -> None:
    pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE+abc/def-x==\n-----END RSA PRIVATE KEY-----"
    assert (
        redact_text(pem)
        == f"-----BEGIN RSA PRIVATE KEY-----{three_stars('')}-----END RSA PRIVATE KEY-----"
    )
    assert redact_text("-----BEGIN PRIVATE KEY-----" * 3) == "-----BEGIN PRIVATE KEY-----" * 3


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("1.5s", 1.5),
        ("1h2m3.5s", 3723.5),
        ("9" * 5_000, None),
        ("1..2s", None),
    ],
)
def test_durations_are_read_as_before(text: str, seconds: float | None) -> None:
    assert parse_go_duration(text) == seconds


def test_fragments_of_one_string_are_joined_and_others_are_put_apart() -> None:
    def fragment(path: str, value: str, *, more: bool = False) -> PartialArg:
        return PartialArg(jsonPath=path, stringValue=value, willContinue=more)

    pieces = [
        fragment("$.a['b c']", "x", more=True),
        fragment("$.a['b c']", "y", more=True),
        fragment("$.a['b c']", "z"),
        fragment("$.a['b c']", "again"),
        fragment('$["it\'s"]', "1"),
    ]
    assert join_fragments(pieces) == {"a": {"b c": "again"}, "it's": "1"}
    assert join_fragments(pieces[:3]) == {"a": {"b c": "xyz"}}
    path = "$" + ".a" * (STEP_LIMIT + 1)
    assert join_fragments([fragment(path, "x")]) == {path: "x"}


def test_the_path_of_a_deep_value_leaves_out_its_middle() -> None:
    (span,) = iter_json_spans('{"a":' * 1_000 + '{"api_key": "x"}' + "}" * 1_000)
    assert span.path == ("a",) * (PATH_LIMIT - 1) + ("api_key",)
