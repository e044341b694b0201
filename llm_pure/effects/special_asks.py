"""Methods of the client whose answers are more than words: code, and values of a type."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from llm_pure.code_answers import CodeAnswer, code_request, read_code
from llm_pure.completion import Completion
from llm_pure.effects.asking import ask_request
from llm_pure.effects.jobs import ChatInput
from llm_pure.request import MessagesInput
from llm_pure.result import Failure, Parsed
from llm_pure.typed_answers import read_typed, typed_request

T = TypeVar("T")


class Asks(Protocol):
    """What these methods need of a client."""

    def completion(
        self, request: ChatInput, *, timeout_s: float | None = None
    ) -> Parsed[Completion]:
        """The answer to a request."""
        ...

    async def acompletion(
        self, request: ChatInput, *, timeout_s: float | None = None
    ) -> Parsed[Completion]:
        """`completion`, async."""
        ...


class SpecialAsks:
    """`ask_code` and `ask_typed`, each with its twin."""

    def ask_code(
        self: Asks,
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        language: str = "python",
        timeout_s: float | None = None,
    ) -> Parsed[CodeAnswer]:
        """Code, by the code tool; `read_code` tells what counts when the model does not call it.

        language: of code that the model says no word about.
        """
        request = ask_request(message, system_msgs=system_msgs).map(code_request)
        got = request.bind(lambda asked: self.completion(asked, timeout_s=timeout_s))
        return got.map(lambda completion: read_code(completion, language=language))

    async def aask_code(
        self: Asks,
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        language: str = "python",
        timeout_s: float | None = None,
    ) -> Parsed[CodeAnswer]:
        """`ask_code`, async."""
        request = ask_request(message, system_msgs=system_msgs).map(code_request)
        if isinstance(request, Failure):
            return request
        got = await self.acompletion(request.unwrap(), timeout_s=timeout_s)
        return got.map(lambda completion: read_code(completion, language=language))

    def ask_typed(
        self: Asks,
        kind: type[T],
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        timeout_s: float | None = None,
    ) -> Parsed[T]:
        """A value of this type: a Struct, dataclass, TypedDict, pydantic model, or what msgspec can decode.

        The provider's own structured output where it has some, else the prompt tells the schema. A wrong answer is a
        ProtocolFault with the path.
        """
        request = ask_request(message, system_msgs=system_msgs).bind(
            lambda asked: typed_request(asked, kind)
        )
        got = request.bind(lambda asked: self.completion(asked, timeout_s=timeout_s))
        return got.bind(lambda completion: read_typed(completion, kind))

    async def aask_typed(
        self: Asks,
        kind: type[T],
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        timeout_s: float | None = None,
    ) -> Parsed[T]:
        """`ask_typed`, async."""
        request = ask_request(message, system_msgs=system_msgs).bind(
            lambda asked: typed_request(asked, kind)
        )
        if isinstance(request, Failure):
            return request
        got = await self.acompletion(request.unwrap(), timeout_s=timeout_s)
        return got.bind(lambda completion: read_typed(completion, kind))
