"""Methods of the client whose answers are more than words: code, and values of a type."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from llm_pure.chat.prompt import build_prompt
from llm_pure.client.jobs import ChatInput, chat_request
from llm_pure.types.completion import Completion
from llm_pure.types.request import ChatRequest, MessagesInput
from llm_pure.types.result import Failure, LLMResult

if TYPE_CHECKING:
    from llm_pure.output.code import CodeOutput

T = TypeVar("T")


class Asks(Protocol):
    """What these methods need of a client."""

    def shortened(self, request: ChatInput) -> LLMResult[ChatRequest]:
        """The request with its conversation cut."""
        ...

    def completion(
        self, request: ChatInput, *, timeout_s: float | None = None
    ) -> LLMResult[Completion]:
        """The answer to a request."""
        ...

    async def acompletion(
        self, request: ChatInput, *, timeout_s: float | None = None
    ) -> LLMResult[Completion]:
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
    ) -> "LLMResult[CodeOutput]":
        """Code, by the code tool; `parse_code` tells what counts when the model does not call it.

        language: of code that the model says no word about.
        """
        request = _code_request(message, system_msgs).bind(self.shortened)
        got = request.bind(lambda asked: self.completion(asked, timeout_s=timeout_s))
        return _read_code(got, language)

    async def aask_code(
        self: Asks,
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        language: str = "python",
        timeout_s: float | None = None,
    ) -> "LLMResult[CodeOutput]":
        """`ask_code`, async."""
        request = _code_request(message, system_msgs).bind(self.shortened)
        if isinstance(request, Failure):
            return request
        got = await self.acompletion(request.unwrap(), timeout_s=timeout_s)
        return _read_code(got, language)

    @overload
    def ask_typed(
        self: Asks,
        kind: type[T],
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        stream: bool = False,
        timeout_s: float | None = None,
    ) -> LLMResult[T]: ...

    @overload
    def ask_typed(
        self: Asks,
        kind: Mapping[str, Any],
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        stream: bool = False,
        timeout_s: float | None = None,
    ) -> LLMResult[Any]: ...

    def ask_typed(
        self: Asks,
        kind: type[Any] | Mapping[str, Any],
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        stream: bool = False,
        timeout_s: float | None = None,
    ) -> LLMResult[Any]:
        """A value of this type: a Struct, dataclass, TypedDict, pydantic model, or what msgspec can decode.

        A JSON Schema gives plain JSON that follows it. The provider's own structured output where it has some, else by
        a tool, else the prompt tells the schema; `build_structured` says which. A wrong answer is a ProtocolError with the
        path. stream: the answer comes as a stream, and is read once it is whole.
        """
        request = _typed_request(message, system_msgs, kind, stream).bind(self.shortened)
        got = request.bind(lambda asked: self.completion(asked, timeout_s=timeout_s))
        return _read_typed(got, kind)

    @overload
    async def aask_typed(
        self: Asks,
        kind: type[T],
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        stream: bool = False,
        timeout_s: float | None = None,
    ) -> LLMResult[T]: ...

    @overload
    async def aask_typed(
        self: Asks,
        kind: Mapping[str, Any],
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        stream: bool = False,
        timeout_s: float | None = None,
    ) -> LLMResult[Any]: ...

    async def aask_typed(
        self: Asks,
        kind: type[Any] | Mapping[str, Any],
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        stream: bool = False,
        timeout_s: float | None = None,
    ) -> LLMResult[Any]:
        """`ask_typed`, async."""
        request = _typed_request(message, system_msgs, kind, stream).bind(self.shortened)
        if isinstance(request, Failure):
            return request
        got = await self.acompletion(request.unwrap(), timeout_s=timeout_s)
        return _read_typed(got, kind)


# What asks for code and for values is loaded by the first call that does so.


def _code_request(
    message: MessagesInput, system_msgs: str | Sequence[str] | None
) -> LLMResult[ChatRequest]:
    from llm_pure.output.code import code_request

    return build_prompt(message, system_msgs=system_msgs).map(code_request)


def _read_code(got: LLMResult[Completion], language: str) -> "LLMResult[CodeOutput]":
    from llm_pure.output.code import parse_code

    return got.map(lambda completion: parse_code(completion, language=language))


def _typed_request(
    message: MessagesInput, system_msgs: str | Sequence[str] | None, kind: object, stream: bool
) -> LLMResult[ChatRequest]:
    from llm_pure.output.structured import structured_request

    request = build_prompt(message, system_msgs=system_msgs)
    return request.bind(lambda asked: structured_request(chat_request(asked, stream=stream), kind))


def _read_typed(got: LLMResult[Completion], kind: type[Any] | Mapping[str, Any]) -> LLMResult[Any]:
    from llm_pure.output.structured import parse_structured

    return got.bind(lambda completion: parse_structured(completion, kind))
