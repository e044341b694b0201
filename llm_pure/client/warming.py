"""Everything that a first call would load and make, done before it: modules, certificates, decoders. No network."""

from datetime import UTC, datetime
from typing import Any

from llm_pure.client.targets import Lane, signed
from llm_pure.client.transport_manager import Links
from llm_pure.types.http import ResponseHead
from llm_pure.types.messages import user
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success


def warm(lanes: tuple[Lane, ...], links: Links[Any]) -> LLMResult[None]:
    """A request is built and signed for each lane, a stream is opened on nothing, and the transports are made.

    The first Failure is one that every call would end in: a missing key, a missing package, a proxy that cannot be.
    """
    for lane in lanes:
        request = ChatRequest(model=lane.config.model or "any", messages=(user("Hi"),))
        built = lane.provider.build_chat(lane.config, request)
        made = built.bind(lambda one, lane=lane: signed(lane, one, datetime.now(UTC)))  # type: ignore[misc]
        if isinstance(made, Failure):
            return made
        lane.provider.open_stream(ResponseHead(200, (("content-type", "text/event-stream"),)))
        link = links.get(lane.settings, made.unwrap().url)
        if isinstance(link, Failure):
            return link
        preload = getattr(link.unwrap(), "preload", None)
        loaded = None if preload is None else preload(made.unwrap().url)
        if isinstance(loaded, Failure):
            return loaded
    return Success(None)
