"""`LLM`: one model, or several that stand in for one another, called over a transport.

A method `x` is sync and its twin `ax` async, on asyncio and trio; both are the I/O lines around the same pure functions.
Every method gives a Result. A client is used from any number of threads and tasks at once: nothing of a call is kept on
it. Inside `with` or `async with` its connections stay open from one call to the next; without, each call opens its own
and closes it.
"""

from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Self, TypeVar

from llm_pure.chat.prompt import ImageInput, build_prompt
from llm_pure.client.batch import BatchAsks
from llm_pure.client.billing import BudgetInput, PricesInput, Till
from llm_pure.client.budgets import Account
from llm_pure.client.call import Course
from llm_pure.client.calls import arun, run
from llm_pure.client.embeddings import EmbedCalls
from llm_pure.client.jobs import (
    ChatInput,
    Job,
    chat_job,
    chat_request,
    count_job,
)
from llm_pure.client.media import MediaCalls
from llm_pure.client.stream_reader import CHAT
from llm_pure.client.streams import AsyncStream, Opening, Stream
from llm_pure.client.structured import SpecialAsks
from llm_pure.client.targets import load_lanes
from llm_pure.client.transport_manager import AnyTransport, LinkKeeper, Links, preload
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.core.registry import Registry
from llm_pure.policy.retry import RetryPolicy
from llm_pure.pricing.ledger import Ledger
from llm_pure.transports.base import TransportSettings
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.events import StreamEvent
from llm_pure.types.operations import TokenCount
from llm_pure.types.request import ChatRequest, MessagesInput
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from typing import Unpack

    from llm_pure.client.from_settings import Arguments, Source
    from llm_pure.client.rate_limiter import Gate
    from llm_pure.policy.rate_limit import RateLimit
    from llm_pure.settings.config_file import CompressSettings

A = TypeVar("A")

OnEvent = Callable[[StreamEvent], object]
"""Told of each event as it comes; what it returns is awaited in async calls, where it can be."""


class LLM(BatchAsks, SpecialAsks, MediaCalls, EmbedCalls):
    """A client for one configuration, and for `fallbacks` when the first one can't answer.

    transport: a name ("httpx"), or any Transport or AsyncTransport; one that is brought stays the caller's to close.
    retry: how hard to try; NO_RETRY for one attempt. registry: None is the shipped providers and installed plug-ins.
    settings: of transports that are named (connections, TLS, the time of each step). limit: of requests and tokens a
    minute, for each configuration. A configuration that cannot work is the Failure of every call.
    budget: US dollars, a Budget or an account that others share: a call that may not fit is refused before it is sent.
    prices: a table, or prices of the user's own over the shipped ones. compress: how `ask` cuts long conversations; None
    does as config.compress_type says.
    """

    def __init__(
        self,
        config: LLMConfig,
        transport: AnyTransport = "httpx",
        *,
        retry: RetryPolicy | None = None,
        fallbacks: Sequence[LLMConfig] = (),
        registry: Registry | None = None,
        settings: TransportSettings | None = None,
        limit: "RateLimit | None" = None,
        budget: BudgetInput | None = None,
        prices: PricesInput | None = None,
        compress: "CompressSettings | None" = None,
    ) -> None:
        self.config = config
        self._keeper = LinkKeeper(transport)
        preload(transport)
        self._policy = retry or RetryPolicy()
        self._lanes = load_lanes((config, *fallbacks), registry, settings)
        self._gates = _gates(limit, 1 + len(fallbacks))
        self._till = Till(budget, prices)
        self._compress = compress

    @classmethod
    def from_config(
        cls,
        model: str | None = None,
        source: "Source" = None,
        transport: AnyTransport = "httpx",
        *,
        registry: Registry | None = None,
        settings: TransportSettings | None = None,
        **given: "Unpack[Arguments]",
    ) -> LLMResult[Self]:
        """A client for a model of the configuration files, by its name or api_type; for the default one without.

        source: a Configuration or the path of a file; None reads every file that is found. Fallbacks, retries, limit,
        budget, prices and compression are the configuration's where they are not given. Fails with InvalidConfiguration.
        """
        from llm_pure.client.from_settings import arguments_of, load_setup

        setup = load_setup(model, source)
        if isinstance(setup, Failure):
            return setup
        found = setup.unwrap()
        arguments = arguments_of(found) | given
        made = cls(found.config, transport, registry=registry, settings=settings, **arguments)
        return Success(made)

    # calls that give one Completion

    def completion(
        self,
        request: ChatInput,
        *,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[Completion]:
        """The answer to a request or to messages. on_event: sees the events, also of an answer that came whole.

        A request that says `stream=True` is read as a stream. Once on_event has seen a word, nothing is sent again.
        """
        asked = chat_request(request)
        if asked.stream:
            with Stream(self._opening(asked, timeout_s, held=on_event is None)) as events:
                for event in events:
                    if on_event is not None:
                        on_event(event)
                return events.result()
        got = self._run(chat_job(asked), timeout_s)
        for event in _events_for(on_event, got):
            if on_event is not None:
                on_event(event)
        return got

    async def acompletion(
        self,
        request: ChatInput,
        *,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[Completion]:
        """`completion`, async."""
        asked = chat_request(request)
        if asked.stream:
            async with AsyncStream(
                self._opening(asked, timeout_s, held=on_event is None)
            ) as events:
                async for event in events:
                    await _tell(on_event, event)
                return events.result()
        got = await self._arun(chat_job(asked), timeout_s)
        for event in _events_for(on_event, got):
            await _tell(on_event, event)
        return got

    def completion_text(
        self, request: ChatInput, *, timeout_s: float | None = None
    ) -> LLMResult[str]:
        """The words of `completion`."""
        return self.completion(request, timeout_s=timeout_s).map(_text)

    async def acompletion_text(
        self, request: ChatInput, *, timeout_s: float | None = None
    ) -> LLMResult[str]:
        """`completion_text`, async."""
        return (await self.acompletion(request, timeout_s=timeout_s)).map(_text)

    def ask(
        self,
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        format_msgs: MessagesInput = (),
        images: Sequence[ImageInput] = (),
        stream: bool | None = None,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[str]:
        """The words of the answer to a message; `build_prompt` tells what is sent.

        stream: None does as the configuration says. on_event: sees each event, for those who print.
        """
        request = build_prompt(
            message, system_msgs=system_msgs, format_msgs=format_msgs, images=images
        ).bind(lambda asked: self.shortened(self._request(asked, stream)))
        if isinstance(request, Failure):
            return request
        got = self.completion(request.unwrap(), on_event=on_event, timeout_s=timeout_s)
        return got.map(_text)

    async def aask(
        self,
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        format_msgs: MessagesInput = (),
        images: Sequence[ImageInput] = (),
        stream: bool | None = None,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[str]:
        """`ask`, async. What on_event returns is awaited where it can be."""
        request = build_prompt(
            message, system_msgs=system_msgs, format_msgs=format_msgs, images=images
        ).bind(lambda asked: self.shortened(self._request(asked, stream)))
        if isinstance(request, Failure):
            return request
        got = await self.acompletion(request.unwrap(), on_event=on_event, timeout_s=timeout_s)
        return got.map(_text)

    # events as they come

    def stream(self, request: ChatInput, *, timeout_s: float | None = None) -> Stream:
        """The events of an answer as they come; `.result()` after the last of them."""
        return Stream(self._opening(chat_request(request), timeout_s, held=False))

    def astream(self, request: ChatInput, *, timeout_s: float | None = None) -> AsyncStream:
        """`stream`, async; `async with` closes one that is left early."""
        return AsyncStream(self._opening(chat_request(request), timeout_s, held=False))

    # beside chat

    def count_tokens(
        self, request: ChatInput, *, local: bool = False, timeout_s: float | None = None
    ) -> LLMResult[TokenCount]:
        """A request's tokens, as the provider counts them; UnsupportedFeature where it does not.

        local: count here and send nothing; `method` of the count says how sure it is.
        """
        if local:
            return self._count_here(request)
        return self._run(count_job(request), timeout_s)

    async def acount_tokens(
        self, request: ChatInput, *, local: bool = False, timeout_s: float | None = None
    ) -> LLMResult[TokenCount]:
        """`count_tokens`, async."""
        if local:
            return self._count_here(request)
        return await self._arun(count_job(request), timeout_s)

    def _count_here(self, request: ChatInput) -> LLMResult[TokenCount]:
        from llm_pure.client.token_counting import count_here

        return self._lanes.bind(lambda lanes: count_here(lanes[0].config, request))

    def shortened(self, request: ChatInput) -> LLMResult[ChatRequest]:
        """The request with its conversation cut as `compress` says: what `ask` and its like do before they send it."""
        if self._compress is None and self.config.compress_type in ("", "no_compress"):
            return Success(chat_request(request))
        from llm_pure.client.token_counting import shortened

        return shortened(chat_request(request), self.config, self._compress)

    @property
    def account(self) -> Account:
        """Where its spending is kept; `LLM(other, budget=this.account)` shares it."""
        return self._till.account

    def get_costs(self) -> Ledger:
        """What was spent with this client, or with all that share its account, and what is held for calls under way."""
        return self._till.account.ledger()

    # lifetime

    def warmup(self) -> LLMResult[None]:
        """Loads and makes what a first call would, so that it takes no longer than any other. Nothing is sent.

        The Failure is one that every call would end in, such as a missing key.
        """
        with self._keeper.borrow() as links:
            return self._warm(links)

    async def awarmup(self) -> LLMResult[None]:
        """`warmup` for async calls."""
        async with self._keeper.aborrow() as links:
            return self._warm(links)

    def __enter__(self) -> Self:
        self._keeper.enter()
        return self

    def __exit__(self, *fault: object) -> None:
        self._keeper.exit()

    async def __aenter__(self) -> Self:
        self._keeper.aenter()
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self._keeper.aexit()

    def _warm(self, links: Links[Any]) -> LLMResult[None]:
        from llm_pure.client.warming import warm

        return self._lanes.bind(lambda lanes: warm(lanes, links))

    # one call

    def _run(self, job: Job[A], timeout_s: float | None) -> LLMResult[A]:
        return self._course(timeout_s).bind(lambda course: run(job, course, self._keeper))

    async def _arun(self, job: Job[A], timeout_s: float | None) -> LLMResult[A]:
        course = self._course(timeout_s)
        if isinstance(course, Failure):
            return course
        return await arun(job, course.unwrap(), self._keeper)

    def _opening(
        self, request: ChatRequest, timeout_s: float | None, *, held: bool
    ) -> Opening[StreamEvent, Completion]:
        job = chat_job(chat_request(request, stream=True))
        return Opening(CHAT, job, self._course(timeout_s), self._keeper, held)

    def _course(self, timeout_s: float | None) -> LLMResult[Course]:
        return self._lanes.map(
            lambda lanes: Course(lanes, self._policy, timeout_s, self._gates, self._till)
        )

    def _request(self, given: ChatInput, stream: bool | None = None) -> ChatRequest:
        """Streamed where the configuration says so, unless `stream` says otherwise."""
        return chat_request(given, stream=self.config.stream if stream is None else stream)


def _gates(limit: "RateLimit | None", count: int) -> "tuple[Gate, ...]":
    if limit is None:
        return ()
    from llm_pure.client.rate_limiter import open_gates

    return open_gates(limit, count)


def _text(completion: Completion) -> str:
    return completion.text


def _events_for(on_event: OnEvent | None, got: LLMResult[Completion]) -> tuple[StreamEvent, ...]:
    """What a listener is told of an answer that came whole."""
    if on_event is None or isinstance(got, Failure):
        return ()
    return completion_to_events(got.unwrap())


async def _tell(on_event: OnEvent | None, event: StreamEvent) -> None:
    if on_event is not None:
        returned = on_event(event)
        if isawaitable(returned):
            await returned
