"""A double that reads the requests of clients of five dialects and answers by rules: as a transport, or as a server on loopback.

with serve_double("It is 4 °C.") as double:
    openai.OpenAI(base_url=f"{double.url}/v1", api_key="any")
    anthropic.Anthropic(base_url=double.url, api_key="any")
double.chats                # the requests as ChatRequests
"""

import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from llm_pure.replay.doubles.rules import Rule, RuleAnswer, ServedAnswer, as_rules, user_text
from llm_pure.replay.doubles.served_response import (
    Item,
    buffered,
    chat_response,
    operation_result,
)
from llm_pure.replay.server import serve
from llm_pure.server import OperationResult, ReceivedRequest, server_dialects
from llm_pure.server.client_dialect import client_dialect
from llm_pure.transports.base import AsyncCalls, SyncCalls, Timeouts
from llm_pure.transports.sockets import ForkSafeLock
from llm_pure.types.errors import ConnectionFailed, InvalidRequest, LLMError, NotFound, TimedOut
from llm_pure.types.http import HttpRequest, ResponseHead
from llm_pure.types.operations import Embeddings, ModelPage, TokenCount
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult

NO_RULE = "no_rule"
"""Code of the error for a request that no rule is for."""


class ProviderDouble(SyncCalls, AsyncCalls):
    """A transport, sync and async, that answers clients of any of the five dialects by rules.

    In a server an exception of a rule is a 400 for the client, and the block of `serve_double` raises it at its end; in this
    process it is raised where the request is sent.
    """

    needs_credentials = False

    url: str = ""
    """Of the server, without a slash at the end; "" for a double in this process."""
    requests: list[HttpRequest]
    """What was sent, in order."""
    received: list[ReceivedRequest]
    """What the requests say, except those that could not be read."""
    unmatched: list[HttpRequest]
    """Requests that no rule was for, or that could not be read."""
    raised: list[Exception]
    """Exceptions of rules, in a server."""
    on_request: Callable[[HttpRequest, ReceivedRequest | None], object] | None = None
    """Called with each request before its answer; None for one that could not be read."""

    def __init__(self, *rules: Rule | RuleAnswer, models: Sequence[str] = ()) -> None:
        """`models`: the models that exist; a chat with another one is the vendor's 404. Without them every name exists."""
        self._rules = as_rules(rules)
        self._models = tuple(models)
        self._lock = ForkSafeLock()
        self.clear()

    def clear(self) -> None:
        """Forget the requests, and count the uses of rules from 0 again."""
        self._uses = [0] * len(self._rules)
        self.requests, self.received, self.unmatched, self.raised = [], [], [], []

    @property
    def chats(self) -> list[ChatRequest]:
        """The chat requests, in order."""
        return [received.chat for received in self.received if received.operation == "chat"]

    def close(self) -> None:
        """Do nothing: no connection is open."""

    async def aclose(self) -> None:
        """Do nothing: no connection is open."""

    def _open(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        return self._response(request, timeouts)

    async def _aopen(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        return self._response(request, timeouts)

    def _response(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        head, items = self._respond(request)
        return _Response(head, self._guarded(items) if self.url else items, timeouts)

    def _respond(self, request: HttpRequest) -> tuple[ResponseHead, Iterator[Item]]:
        """Return the head and the body of the response. Raises Rejected for a connection that fails."""
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
        server = server_dialects[client_dialect(request)]
        parsed = server.parse_request(request)
        if self.on_request is not None:
            self.on_request(request, parsed.value_or(None))
        if isinstance(parsed, Failure):
            self.unmatched.append(request)
            unread = ReceivedRequest(dialect=server.name)
            return buffered(server.build_error(parsed.failure(), unread))
        # ids and times are those of the request's number: every run is the same
        received = replace(parsed.unwrap(), response_id=f"double-{number}", created_s=1)
        self.received.append(received)
        try:
            response = self._answer(request, received)
        except Exception as error:
            if not self.url:
                raise
            self.raised.append(error)
            message = f"a rule of the double raised {type(error).__name__}: {error}"
            response = InvalidRequest(message=message, status=400)
        if isinstance(response, ConnectionFailed):
            raise Rejected(response)
        if isinstance(response, LLMError):
            return buffered(server.build_error(response, received))
        return response

    def _answer(
        self, request: HttpRequest, received: ReceivedRequest
    ) -> tuple[ResponseHead, Iterator[Item]] | LLMError:
        is_chat = received.operation == "chat"
        if is_chat and self._models and received.model not in self._models:
            return NotFound(message=f"model: {received.model}", status=404)
        rule, answer = self._match(received)
        if rule is not None and is_chat:
            return chat_response(rule, answer, received, len(request.body))
        if is_chat:
            self.unmatched.append(request)
            text = user_text(received.chat)[:200]
            message = f"no rule of this double is for the request to {received.model!r}: {text!r}"
            return NotFound(message=message, code=NO_RULE, status=404)
        result: OperationResult = operation_result(received, self._models, len(request.body))
        if isinstance(answer, LLMError):
            return answer
        if rule is not None:
            if not isinstance(answer, Embeddings | TokenCount | ModelPage | None):
                kind = type(answer).__name__
                raise TypeError(f"a request of {received.operation} is not answered with {kind}")
            result = answer
        response = server_dialects[received.dialect].build_result(result, received)
        return buffered(response, 0.0 if rule is None else rule.delay_s)

    def _match(self, received: ReceivedRequest) -> tuple[Rule | None, ServedAnswer | None]:
        """Return the first rule for the request and its answer."""
        for index, rule in enumerate(self._rules):
            if not rule.matches(received):
                continue
            with self._lock:
                if rule.times is not None and self._uses[index] >= rule.times:
                    continue
                self._uses[index] += 1
            answer = rule.answer_to(received)
            if answer is not None:
                return rule, answer
            with self._lock:
                self._uses[index] -= 1
        return None, None

    def _guarded(self, items: Iterator[Item]) -> Iterator[Item]:
        """The items of a stream; an exception of a rule breaks the connection."""
        try:
            yield from items
        except Exception as error:  # noqa: BLE001 - `serve_double` raises it
            self.raised.append(error)
            message = f"a rule of the double raised {type(error).__name__}: {error}"
            yield Failure(ConnectionFailed(message=message))


class _Response:
    """A response with the waits before its chunks, sync and async. A wait beyond `read_s` is a TimedOut."""

    def __init__(self, head: ResponseHead, items: Iterator[Item], timeouts: Timeouts) -> None:
        self.head = head
        self._items = items
        self._limit_s = timeouts.read_s

    def _steps(self) -> Iterator[tuple[float, LLMResult[bytes]]]:
        """Yield each chunk with the wait before it."""
        wait_s = 0.0
        for item in self._items:
            if isinstance(item, float | int):
                wait_s += item
                continue
            if wait_s > self._limit_s:
                yield self._limit_s, Failure(TimedOut(message="no byte of the double in time", phase="read"))  # fmt: skip
                return
            yield wait_s, item
            wait_s = 0.0

    def __iter__(self) -> Iterator[LLMResult[bytes]]:
        for wait_s, chunk in self._steps():
            if wait_s:
                time.sleep(wait_s)
            yield chunk

    async def __aiter__(self) -> AsyncIterator[LLMResult[bytes]]:
        import anyio  # imported late: start-up

        for wait_s, chunk in self._steps():
            await anyio.sleep(wait_s)
            yield chunk

    def close(self) -> None:
        """Close the generator of a rule."""
        close = getattr(self._items, "close", None)
        if close is not None:
            close()

    async def aclose(self) -> None:
        """Close the generator of a rule."""
        self.close()


@contextmanager
def serve_double(
    *rules: Rule | RuleAnswer,
    models: Sequence[str] = (),
    port: int = 0,
    hosts: Collection[str] = (),
) -> Iterator[ProviderDouble]:
    """Run a double on loopback inside the block: a provider of five dialects on one port, for clients in any language.

    `port`: 0 is any free port. `hosts`: names by which it may be called, beside those of loopback. At its end the block
    raises the first exception of a rule.
    """
    double = ProviderDouble(*rules, models=models)
    with serve(double, port=port, hosts=hosts) as server:
        double.url = server.url
        yield double
    if double.raised:
        raise double.raised[0]
