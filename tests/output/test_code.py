"""Code in an answer, wherever it stands, and where it stood."""

import pytest

from llm_pure import ChatRequest, Completion, NamedToolChoice, ToolCall, assistant
from llm_pure.output.code import (
    CODE_TOOL,
    CodeOutput,
    code_request,
    parse_code,
    repair_code,
)
from llm_pure.output.json_parser import Edit
from llm_pure.output.json_repair import Exact, Repaired, Unrepairable

GOOD = '{"language": "python", "code": "print(1)"}'
VALUE = {"language": "python", "code": "print(1)"}


def said(*parts: str | ToolCall) -> Completion:
    return Completion(provider="tiny", message=assistant(*parts))


def test_the_request_has_the_tool_and_asks_for_it_by_name() -> None:
    got = code_request(ChatRequest(messages="Add."))
    assert got == ChatRequest(
        messages="Add.", tools=(CODE_TOOL,), tool_choice=NamedToolChoice("execute")
    )


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        pytest.param(
            said("Here:", ToolCall("c", "execute", GOOD)),
            CodeOutput(language="python", code="print(1)", origin="call", repair=Exact(VALUE)),
            id="a call",
        ),
        pytest.param(
            said("So:\n```js\nlet x;\n```\nDone."),
            CodeOutput(
                language="js",
                code="let x;",
                origin="fence",
                repair=Exact({"language": "js", "code": "let x;"}),
            ),
            id="a fence",
        ),
        pytest.param(
            said("No code."),
            CodeOutput(
                language="markdown",
                code="No code.",
                origin="text",
                repair=Exact({"language": "markdown", "code": "No code."}),
            ),
            id="words",
        ),
        pytest.param(
            said(ToolCall("c", "execute", '{"language": "python", "code": "print(')),
            CodeOutput(
                language="",
                code=None,
                origin="call",
                repair=Unrepairable("input ends inside a string"),
            ),
            id="a call that was cut off",
        ),
        pytest.param(
            said(ToolCall("c", "execute", '{"language": "python", "code": 3}')),
            CodeOutput(
                language="",
                code=None,
                origin="call",
                repair=Unrepairable("the code is missing, or not a string"),
            ),
            id="a call without code",
        ),
    ],
)
def test_code_is_found_where_it_stands(completion: Completion, answer: CodeOutput) -> None:
    assert parse_code(completion) == answer


@pytest.mark.parametrize(
    ("text", "method", "value"),
    [
        ("print(1)", "bare", VALUE),
        ("```python\nprint(1)\n```", "fenced", VALUE),
        (f"```json\n{GOOD}\n```", "unwrapped", VALUE),
    ],
)
def test_arguments_that_are_the_code_itself_are_read_and_told(
    text: str, method: str, value: dict[str, str]
) -> None:
    got = repair_code(text)
    assert isinstance(got, Repaired)
    assert (got.method, got.value) == (method, value)


def test_bare_code_shows_its_edit() -> None:
    edit = Edit(0, "x = 1", '{"language":"python","code":"x = 1"}')
    value = {"language": "python", "code": "x = 1"}
    assert repair_code("x = 1") == Repaired(value=value, edits=(edit,), method="bare")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"language": "python"', 'Sure: {"language": "python", "co']
)
def test_what_may_be_cut_off_is_no_code(text: str) -> None:
    assert isinstance(repair_code(text), Unrepairable)
