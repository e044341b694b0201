"""Code and values of a type, asked of a client; each method with its async twin."""

import msgspec

from llm_pure.code_answers import CodeAnswer
from llm_pure.effects import LLM
from llm_pure.effects.transports.scripted import Scripted, ScriptedTransport
from llm_pure.errors import ProtocolFault
from llm_pure.repair import Exact
from llm_pure.result import Failure, Success
from tests.support.tiny_provider import JSON, REGISTRY, config, whole
from tests.support.twins import called, every_kind


class Place(msgspec.Struct):
    city: str


def client(*texts: str) -> LLM:
    script = [Scripted(headers=JSON, pieces=(whole(text),)) for text in texts]
    return LLM(config(), ScriptedTransport(script), registry=REGISTRY)


@every_kind
def test_ask_code_gives_code_and_where_it_stood(kind: str) -> None:
    llm = client("```python\nprint(1)\n```")
    assert called(kind, llm, "ask_code", "Print one.") == Success(
        CodeAnswer(
            language="python",
            code="print(1)",
            origin="fence",
            repair=Exact({"language": "python", "code": "print(1)"}),
        )
    )


@every_kind
def test_a_question_that_cannot_be_read_is_not_sent(kind: str) -> None:
    assert isinstance(called(kind, client(), "ask_code", [1]), Failure)


@every_kind
def test_ask_typed_gives_a_value_of_the_type(kind: str) -> None:
    llm = client('{"city": "Oslo"}', '{"city": 1}')
    assert called(kind, llm, "ask_typed", Place, "Where?") == Success(Place(city="Oslo"))
    error = called(kind, llm, "ask_typed", Place, "Where?").failure()
    assert isinstance(error, ProtocolFault)
    assert (error.where, error.message) == ("$.city", "Expected `str`, got `int`")
