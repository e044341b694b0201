"""`LLM`: a client of one model, or of several with fallbacks, over a transport.

A method `x` is sync and its twin `ax` async, on asyncio and trio; both drive the same steps. Every method returns a
Result. A client may be used from any number of threads and tasks at once. Inside `with` or `async with` its connections
stay open between calls; outside, each call opens its own and closes it.

One file: every public method is here, and each twice, sync and async, with a few lines without branches. The
work is in `call` (attempts), `streams`, `operations`, `structured`, `batch`, `embeddings`, `billing` and `token_counting`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import isawaitable
from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from llm_pure.chat.prompt import ImageInput as PromptImage
from llm_pure.chat.prompt import SystemInput, build_prompt
from llm_pure.client.arguments import check_arguments, check_options
from llm_pure.client.billing import Billing, BudgetInput, PricesInput
from llm_pure.client.budgets import BudgetStore
from llm_pure.client.call import (
    CallContext,
    CallSpec,
    ChatInput,
    call_steps,
    chat_call,
    chat_request,
)
from llm_pure.client.drivers import abind, adrive, aperform, drive, perform
from llm_pure.client.targets import load_targets
from llm_pure.client.transport_manager import AnyTransport, TransportManager, preconnect
from llm_pure.core.registry import Registry
from llm_pure.policy.retry import RetryPolicy
from llm_pure.pricing.ledger import Ledger
from llm_pure.transports.base import TransportSettings
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.events import StreamEvent
from llm_pure.types.late_module import LateModule
from llm_pure.types.messages import Message
from llm_pure.types.operations import (
    Embeddings,
    ImageInput,
    ImagesResponse,
    ModelPage,
    ModerateInput,
    ModerationResponse,
    Speech,
    SpeechInput,
    TokenCount,
    TranscribeInput,
    Transcription,
)
from llm_pure.types.request import ChatRequest, MessagesInput
from llm_pure.types.result import LLMResult, Success

if TYPE_CHECKING:
    from typing import Unpack

    from llm_pure.client import (
        background,
        batch,
        completeness,
        embeddings,
        media,
        operations,
        rate_limiter,
        streams,
        structured,
        token_counting,
    )
    from llm_pure.client.batch import ConversationState, OnResult
    from llm_pure.client.embeddings import EmbedInput, OnProgress
    from llm_pure.client.from_settings import ClientOptions, SettingsSource
    from llm_pure.client.rate_limiter import RateLimiter
    from llm_pure.client.streams import AsyncChatStream, AsyncSpeechStream, ChatStream, SpeechStream
    from llm_pure.core import buffered_body
    from llm_pure.output.code import CodeOutput
    from llm_pure.policy.rate_limit import RateLimit
    from llm_pure.settings.config_file import CompressSettings
else:
    background = LateModule("llm_pure.client.background")
    batch = LateModule("llm_pure.client.batch")
    buffered_body = LateModule("llm_pure.core.buffered_body")
    completeness = LateModule("llm_pure.client.completeness")
    embeddings = LateModule("llm_pure.client.embeddings")
    media = LateModule("llm_pure.client.media")
    operations = LateModule("llm_pure.client.operations")
    rate_limiter = LateModule("llm_pure.client.rate_limiter")
    streams = LateModule("llm_pure.client.streams")
    structured = LateModule("llm_pure.client.structured")
    token_counting = LateModule("llm_pure.client.token_counting")

A = TypeVar("A")
T = TypeVar("T")
_TEXT: Callable[[Completion], str] = attrgetter("text")

Seconds = float | None
"""A time limit; None is the configuration's."""

OnEvent = Callable[[StreamEvent], object]
"""Called with each event as it comes; async calls await what it returns, if that can be awaited."""


class LLM:
    """A client for one configuration, with `fallbacks` for failed calls. An invalid configuration fails every call.

    transport: a name such as "httpx", or a Transport or AsyncTransport, which the caller opens and closes.
    retry: the retry policy; NO_RETRY makes one attempt.
    registry: by default the bundled providers and those of installed packages.
    settings: connections, TLS and timeouts of a transport created by name.
    limit: requests and tokens per minute, for each configuration.
    budget: USD, a Budget, or a store shared with other clients. A call that may exceed it fails before it is sent.
    prices: a table, or prices that override the bundled ones.
    compress: how `ask` shortens long conversations, by default by config.compress_type.
    env: environment variables that fill in what the configuration leaves open, by default this process's; {} for none.
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
        env: Mapping[str, str] | None = None,
    ) -> None:
        invalid = check_options(
            config=config,
            retry=retry,
            fallbacks=fallbacks,
            registry=registry,
            settings=settings,
            limit=limit,
            compress=compress,
            env=env,
        )
        if invalid is not None:  # every call fails with it
            config, retry, fallbacks, limit, compress = LLMConfig(), None, (), None, None
        self.config = config
        self._compress = compress
        targets = invalid or load_targets((config, *fallbacks), registry, settings, env)
        self._context = CallContext(
            targets=targets,
            transports=TransportManager(transport, targets),
            policy=retry or RetryPolicy(),
            billing=Billing(budget, prices),
            limiters=_limiters(limit, 1 + len(fallbacks)),
        )

    @classmethod
    def from_config(
        cls,
        model: str | None = None,
        source: "SettingsSource" = None,
        transport: AnyTransport = "httpx",
        *,
        registry: Registry | None = None,
        settings: TransportSettings | None = None,
        **options: "Unpack[ClientOptions]",
    ) -> LLMResult[Self]:
        """Return a client for a model of the configuration files, or for PROVIDER:MODEL.

        model: its name or api_type in the files, by default their default model, or such as "openai:gpt-5.6-luna".
        source: a configuration or the path of a file, by default every file that exists. Options override the
        configuration's fallbacks, retry, limit, budget, prices and compression. Fails with InvalidConfiguration.
        """
        from llm_pure.client.from_settings import client_options, load_model_settings

        return load_model_settings(model, source, registry).map(
            lambda loaded: cls(
                loaded.config,
                transport,
                registry=registry,
                settings=settings,
                **(client_options(loaded) | options),
            )
        )

    # One completion

    def completion(
        self, request: ChatInput, *, on_event: OnEvent | None = None, timeout_s: Seconds = None
    ) -> LLMResult[Completion]:
        """Return the completion of a request or of messages. on_event: receives the events, also of a unary response.

        A request with `stream=True` is read as a stream. After the first event with content nothing is sent again.
        """
        if on_event is not None and (invalid := check_arguments(on_event=on_event)):
            return invalid
        spec = chat_call(chat_request(request))
        if spec.stream is None:
            result = self._call(spec, timeout_s)
            if on_event is not None:
                for event in result.map(buffered_body.completion_to_events).value_or(()):
                    on_event(event)
            return result
        with streams.Stream[StreamEvent, Completion](
            spec, self._context, timeout_s, buffered=on_event is None
        ) as stream:
            for event in stream:
                if on_event is not None:
                    on_event(event)
            return stream.result()

    async def acompletion(
        self, request: ChatInput, *, on_event: OnEvent | None = None, timeout_s: Seconds = None
    ) -> LLMResult[Completion]:
        """`completion`, async. What on_event returns is awaited if it can be."""
        if on_event is not None and (invalid := check_arguments(on_event=on_event)):
            return invalid
        spec = chat_call(chat_request(request))
        if spec.stream is None:
            result = await self._acall(spec, timeout_s)
            if on_event is not None:
                for event in result.map(buffered_body.completion_to_events).value_or(()):
                    await _await_if_possible(on_event(event))
            return result
        async with streams.AsyncStream[StreamEvent, Completion](
            spec, self._context, timeout_s, buffered=on_event is None
        ) as stream:
            async for event in stream:
                if on_event is not None:
                    await _await_if_possible(on_event(event))
            return stream.result()

    def completion_text(self, request: ChatInput, *, timeout_s: Seconds = None) -> LLMResult[str]:
        """Return the text of `completion`. Fails with IncompleteAnswer, as `ask` does."""
        return self.completion(request, timeout_s=timeout_s).bind(_text)

    async def acompletion_text(
        self, request: ChatInput, *, timeout_s: Seconds = None
    ) -> LLMResult[str]:
        """`completion_text`, async."""
        return (await self.acompletion(request, timeout_s=timeout_s)).bind(_text)

    def ask(
        self,
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        format_msgs: MessagesInput = (),
        images: Sequence[PromptImage] = (),
        stream: bool | None = None,
        on_event: OnEvent | None = None,
        timeout_s: Seconds = None,
    ) -> LLMResult[str]:
        """Return the text of the completion of a message; `build_prompt` has what is sent.

        Fails with IncompleteAnswer, which has the partial completion, if the model stopped at a limit, by a filter or
        for tool calls, and with ContentFiltered if it refused.

        stream: by default as the configuration says. on_event: receives each event, e.g. to print it.
        """
        request = self._prompt(message, system_msgs, format_msgs, images, stream)
        complete = partial(self.completion, on_event=on_event, timeout_s=timeout_s)
        return request.bind(complete).bind(_text)

    async def aask(
        self,
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        format_msgs: MessagesInput = (),
        images: Sequence[PromptImage] = (),
        stream: bool | None = None,
        on_event: OnEvent | None = None,
        timeout_s: Seconds = None,
    ) -> LLMResult[str]:
        """`ask`, async."""
        request = self._prompt(message, system_msgs, format_msgs, images, stream)
        complete = partial(self.acompletion, on_event=on_event, timeout_s=timeout_s)
        return (await abind(request, complete)).bind(_text)

    # Streams

    def stream(self, request: ChatInput, *, timeout_s: Seconds = None) -> "ChatStream":
        """Return the events of a completion as they come; `.result()` after the last event."""
        return streams.Stream(
            chat_call(chat_request(request, stream=True)), self._context, timeout_s
        )

    def astream(self, request: ChatInput, *, timeout_s: Seconds = None) -> "AsyncChatStream":
        """`stream`, async; `async with` closes a stream that is left early."""
        return streams.AsyncStream(
            chat_call(chat_request(request, stream=True)), self._context, timeout_s
        )

    # Several messages

    def ask_batch(
        self,
        messages: Sequence[MessagesInput],
        *,
        system_msgs: str | Sequence[str] = (),
        on_result: "OnResult[Completion] | None" = None,
        timeout_s: Seconds = None,
    ) -> "LLMResult[ConversationState]":
        """Hold one conversation: send each message with all turns before it; `.text` joins the texts.

        The first error ends it; on_result receives the completions before. timeout_s: for each message.
        """
        steps = batch.conversation_steps(messages, system_msgs, on_result)
        with self:
            return drive(steps, partial(self._turn, timeout_s))

    async def aask_batch(
        self,
        messages: Sequence[MessagesInput],
        *,
        system_msgs: str | Sequence[str] = (),
        on_result: "OnResult[Completion] | None" = None,
        timeout_s: Seconds = None,
    ) -> "LLMResult[ConversationState]":
        """`ask_batch`, async."""
        steps = batch.conversation_steps(messages, system_msgs, on_result)
        async with self:
            return await adrive(steps, partial(self._aturn, timeout_s))

    def ask_batch_parallel(
        self,
        messages: Sequence[MessagesInput],
        *,
        max_concurrency: int = 5,
        system_msgs: SystemInput = None,
        on_result: "OnResult[str] | None" = None,
        timeout_s: Seconds = None,
    ) -> tuple[LLMResult[str], ...]:
        """`ask` each message in parallel; return the Results in the order of the messages."""
        invalid = check_arguments(
            messages=messages, max_concurrency=max_concurrency, on_result=on_result
        )
        if invalid is not None:
            return (invalid,)

        ask = partial(self.ask, system_msgs=system_msgs, timeout_s=timeout_s)
        calls = [partial(ask, message) for message in messages]
        with self:
            return batch.run_parallel(calls, max_concurrency, on_result)

    async def aask_batch_parallel(
        self,
        messages: Sequence[MessagesInput],
        *,
        max_concurrency: int = 5,
        system_msgs: SystemInput = None,
        on_result: "OnResult[str] | None" = None,
        timeout_s: Seconds = None,
    ) -> tuple[LLMResult[str], ...]:
        """`ask_batch_parallel`, async."""
        invalid = check_arguments(
            messages=messages, max_concurrency=max_concurrency, on_result=on_result
        )
        if invalid is not None:
            return (invalid,)

        ask = partial(self.aask, system_msgs=system_msgs, timeout_s=timeout_s)
        calls = [partial(ask, message) for message in messages]
        async with self:
            return await batch.arun_parallel(calls, max_concurrency, on_result)

    # Code and values

    def ask_code(
        self,
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        language: str = "python",
        timeout_s: Seconds = None,
    ) -> "LLMResult[CodeOutput]":
        """Return code, from the code tool or, if the model does not call it, from the text.

        language: of code without a language tag.
        """
        if invalid := check_arguments(language=language):
            return invalid
        request = structured.request_for_code(message, system_msgs).bind(self.compress_request)
        result = request.bind(partial(self.completion, timeout_s=timeout_s))
        return result.bind(partial(structured.code_of, language))

    async def aask_code(
        self,
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        language: str = "python",
        timeout_s: Seconds = None,
    ) -> "LLMResult[CodeOutput]":
        """`ask_code`, async."""
        if invalid := check_arguments(language=language):
            return invalid
        request = structured.request_for_code(message, system_msgs).bind(self.compress_request)
        result = await abind(request, partial(self.acompletion, timeout_s=timeout_s))
        return result.bind(partial(structured.code_of, language))

    @overload
    def ask_typed(
        self,
        kind: type[T],
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        stream: bool = False,
        attempts: int = 1,
        timeout_s: Seconds = None,
    ) -> LLMResult[T]: ...

    @overload
    def ask_typed(
        self,
        kind: object,
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        stream: bool = False,
        attempts: int = 1,
        timeout_s: Seconds = None,
    ) -> LLMResult[Any]: ...

    def ask_typed(
        self,
        kind: object,
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        stream: bool = False,
        attempts: int = 1,
        timeout_s: Seconds = None,
    ) -> LLMResult[Any]:
        """Return a value of this type: a Struct, dataclass, TypedDict, pydantic model, or what msgspec can decode.

        A JSON Schema gives plain JSON; checkers see Any for it, and for what is no class (a union, a Literal). Uses the
        provider's structured output if there is some, else a tool, else the schema is put into the prompt. Fails with
        ProtocolError, with the path, if the completion does not match.

        attempts: a completion that does not match is sent back with the error, up to this number of calls in all; each
        has its own `timeout_s` and cost. The last error has the conversation in `run`.
        """
        request = structured.request_for_value(kind, message, system_msgs, stream)
        steps = structured.typed_steps(kind, request.bind(self.compress_request), attempts)
        with self:
            return drive(steps, partial(self.completion, timeout_s=timeout_s))

    @overload
    async def aask_typed(
        self,
        kind: type[T],
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        stream: bool = False,
        attempts: int = 1,
        timeout_s: Seconds = None,
    ) -> LLMResult[T]: ...

    @overload
    async def aask_typed(
        self,
        kind: object,
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        stream: bool = False,
        attempts: int = 1,
        timeout_s: Seconds = None,
    ) -> LLMResult[Any]: ...

    async def aask_typed(
        self,
        kind: object,
        message: MessagesInput,
        *,
        system_msgs: SystemInput = None,
        stream: bool = False,
        attempts: int = 1,
        timeout_s: Seconds = None,
    ) -> LLMResult[Any]:
        """`ask_typed`, async."""
        request = structured.request_for_value(kind, message, system_msgs, stream)
        steps = structured.typed_steps(kind, request.bind(self.compress_request), attempts)
        async with self:
            return await adrive(steps, partial(self.acompletion, timeout_s=timeout_s))

    # Embeddings, images, speech, moderation, models

    def embed(
        self,
        request: "EmbedInput",
        *,
        max_concurrency: int = 5,
        on_progress: "OnProgress | None" = None,
        timeout_s: Seconds = None,
    ) -> LLMResult[Embeddings]:
        """Return a vector for each text, in order, with the total usage. Fails with UnsupportedFeature if the provider has none.

        More texts than the provider accepts at once are sent in several calls, at most `max_concurrency` of them at a
        time; no call begins after one has failed. timeout_s: for each call.
        """
        texts = embeddings.embed_request(request)
        if invalid := embeddings.check_embed(
            texts, max_concurrency=max_concurrency, on_progress=on_progress
        ):
            return invalid
        batches = embeddings.EmbeddingBatches(texts, self._context.targets, on_progress)
        return batches.run(partial(self._call, timeout_s=timeout_s), max_concurrency, self)

    async def aembed(
        self,
        request: "EmbedInput",
        *,
        max_concurrency: int = 5,
        on_progress: "OnProgress | None" = None,
        timeout_s: Seconds = None,
    ) -> LLMResult[Embeddings]:
        """`embed`, async."""
        texts = embeddings.embed_request(request)
        if invalid := embeddings.check_embed(
            texts, max_concurrency=max_concurrency, on_progress=on_progress
        ):
            return invalid
        batches = embeddings.EmbeddingBatches(texts, self._context.targets, on_progress)
        return await batches.arun(partial(self._acall, timeout_s=timeout_s), max_concurrency, self)

    def gen_image(
        self, request: ImageInput, *, timeout_s: Seconds = None
    ) -> LLMResult[ImagesResponse]:
        """Generate images from a prompt, as bytes or URLs. Fails with UnsupportedFeature if the provider has none."""
        return self._call(operations.image_call(request), timeout_s)

    async def agen_image(
        self, request: ImageInput, *, timeout_s: Seconds = None
    ) -> LLMResult[ImagesResponse]:
        """`gen_image`, async."""
        return await self._acall(operations.image_call(request), timeout_s)

    def text_to_speech(
        self, request: SpeechInput, *, timeout_s: Seconds = None
    ) -> LLMResult[Speech]:
        """Convert a text to speech."""
        return self._call(operations.speech_call(request), timeout_s)

    async def atext_to_speech(
        self, request: SpeechInput, *, timeout_s: Seconds = None
    ) -> LLMResult[Speech]:
        """`text_to_speech`, async."""
        return await self._acall(operations.speech_call(request), timeout_s)

    def stream_speech(self, request: SpeechInput, *, timeout_s: Seconds = None) -> "SpeechStream":
        """Return the audio of a text in chunks as they come; `.result()` after the last chunk is all of it.

        The error of a stream that is cut off has the audio so far. stream_format "sse" of the request adds the usage.
        """
        return streams.Stream(
            operations.speech_call(request, stream=True), self._context, timeout_s
        )

    def astream_speech(
        self, request: SpeechInput, *, timeout_s: Seconds = None
    ) -> "AsyncSpeechStream":
        """`stream_speech`, async; `async with` closes a stream that is left early."""
        return streams.AsyncStream(
            operations.speech_call(request, stream=True), self._context, timeout_s
        )

    def speech_to_text(
        self, request: TranscribeInput, *, timeout_s: Seconds = None
    ) -> LLMResult[Transcription]:
        """Transcribe audio, given as bytes, a Path or a request."""
        call = media.load_audio(request).map(operations.transcribe_call)
        return call.bind(partial(self._call, timeout_s=timeout_s))

    async def aspeech_to_text(
        self, request: TranscribeInput, *, timeout_s: Seconds = None
    ) -> LLMResult[Transcription]:
        """`speech_to_text`, async."""
        call = media.load_audio(request).map(operations.transcribe_call)
        return await abind(call, partial(self._acall, timeout_s=timeout_s))

    def moderation(
        self, request: ModerateInput, *, timeout_s: Seconds = None
    ) -> LLMResult[ModerationResponse]:
        """Moderate one or several texts. Fails with ProtocolError unless each text has one result."""
        spec = operations.moderate_call(request)
        return self._call(spec, timeout_s).bind(
            partial(operations.check_one_for_each, spec.request)
        )

    async def amoderation(
        self, request: ModerateInput, *, timeout_s: Seconds = None
    ) -> LLMResult[ModerationResponse]:
        """`moderation`, async."""
        spec = operations.moderate_call(request)
        return (await self._acall(spec, timeout_s)).bind(
            partial(operations.check_one_for_each, spec.request)
        )

    def list_models(self, *, timeout_s: Seconds = None) -> LLMResult[ModelPage]:
        """Return the models that the provider lists, on all pages. timeout_s: for each page."""
        return drive(operations.list_all_pages(), partial(self._call, timeout_s=timeout_s))

    async def alist_models(self, *, timeout_s: Seconds = None) -> LLMResult[ModelPage]:
        """`list_models`, async."""
        return await adrive(operations.list_all_pages(), partial(self._acall, timeout_s=timeout_s))

    # Tokens and costs

    def count_tokens(
        self, request: ChatInput, *, local: bool = False, timeout_s: Seconds = None
    ) -> LLMResult[TokenCount]:
        """Return the tokens of a request as the provider counts them. Fails with UnsupportedFeature if it does not.

        local: count here and send nothing; `method` of the count is how exact it is.
        """
        if local:
            return self._count_locally(request)
        return self._call(operations.count_call(request), timeout_s)

    async def acount_tokens(
        self, request: ChatInput, *, local: bool = False, timeout_s: Seconds = None
    ) -> LLMResult[TokenCount]:
        """`count_tokens`, async."""
        if local:
            return self._count_locally(request)
        return await self._acall(operations.count_call(request), timeout_s)

    def compress_request(self, request: ChatInput) -> LLMResult[ChatRequest]:
        """Return the request with its conversation compressed as `compress` says; the methods that build a prompt send that."""
        if self._compress is None and self.config.compress_type in ("", "no_compress"):
            return Success(chat_request(request))

        return token_counting.compress_request(chat_request(request), self.config, self._compress)

    @property
    def account(self) -> BudgetStore:
        """The store of this client's spending; `LLM(other, budget=this.account)` shares it."""
        return self._context.billing.store

    def get_costs(self) -> Ledger:
        """Return what this client, or all clients with its store, spent, and what is reserved for calls under way."""
        return self.account.ledger()

    # Lifetime

    def warmup(self) -> LLMResult[None]:
        """Load and create what a first call would, so that it takes no longer than later calls. Sends nothing.

        Fails with the error that every call would end in, such as a missing key.
        """
        with self._context.transports.acquire() as transports:
            drive(background.warmup_steps(self._context), methodcaller("wait"))
            return self._context.targets.bind(partial(preconnect, transports))

    async def awarmup(self) -> LLMResult[None]:
        """`warmup` for async calls."""
        async with self._context.transports.aacquire() as transports:
            await adrive(background.warmup_steps(self._context), methodcaller("async_wait"))
            return self._context.targets.bind(partial(preconnect, transports))

    def __enter__(self) -> Self:
        self._context.transports.enter()
        return self

    def __exit__(self, *error: object) -> None:
        self._context.transports.exit()

    async def __aenter__(self) -> Self:
        self._context.transports.aenter()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._context.transports.aexit()

    # One call

    def _call(self, spec: CallSpec[A], timeout_s: Seconds) -> LLMResult[A]:
        with self._context.transports.acquire() as transports:
            return drive(call_steps(spec, self._context, timeout_s), partial(perform, transports))

    async def _acall(self, spec: CallSpec[A], timeout_s: Seconds) -> LLMResult[A]:
        steps = call_steps(spec, self._context, timeout_s)
        shared = self._context.transports.shared_async()
        if shared is not None:
            return await adrive(steps, partial(aperform, shared))
        async with self._context.transports.aacquire() as transports:
            return await adrive(steps, partial(aperform, transports))

    def _prompt(
        self,
        message: MessagesInput,
        system_msgs: SystemInput,
        format_msgs: MessagesInput,
        images: Sequence[PromptImage],
        stream: bool | None,
    ) -> LLMResult[ChatRequest]:
        if isinstance(message, str) and not images:
            request = build_prompt(message, system_msgs=system_msgs, format_msgs=format_msgs)
        else:
            files = media.load_files([message, format_msgs, images])
            request = files.bind(
                lambda parts: build_prompt(
                    parts[0], system_msgs=system_msgs, format_msgs=parts[1], images=parts[2]
                )
            )
        return request.map(partial(self._with_stream, stream=stream)).bind(self.compress_request)

    def _with_stream(self, request: ChatInput, stream: bool | None = None) -> ChatRequest:
        """Stream as the configuration says, unless `stream` overrides it."""
        return chat_request(request, stream=self.config.stream if stream is None else stream)

    def _turn(self, timeout_s: Seconds, messages: tuple[Message, ...]) -> LLMResult[Completion]:
        request = self.compress_request(self._with_stream(messages))
        complete = partial(self.completion, timeout_s=timeout_s)
        return request.bind(complete).bind(_complete)

    async def _aturn(
        self, timeout_s: Seconds, messages: tuple[Message, ...]
    ) -> LLMResult[Completion]:
        request = self.compress_request(self._with_stream(messages))
        complete = partial(self.acompletion, timeout_s=timeout_s)
        return (await abind(request, complete)).bind(_complete)

    def _count_locally(self, request: ChatInput) -> LLMResult[TokenCount]:

        chat = chat_request(request)
        return self._context.targets.bind(
            lambda targets: token_counting.count_locally(targets[0].config, chat)
        )


def _limiters(limit: "RateLimit | None", count: int) -> "tuple[RateLimiter, ...]":
    if limit is None:
        return ()
    return rate_limiter.create_limiters(limit, count)


def _complete(completion: Completion) -> LLMResult[Completion]:
    if completion.finish_reason == "stop":
        return Success(completion)

    return completeness.require_complete(completion)


def _text(completion: Completion) -> LLMResult[str]:
    return _complete(completion).map(_TEXT)


async def _await_if_possible(value: object) -> None:
    if isawaitable(value):
        await value
