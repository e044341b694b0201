"""A whole answer -> Completion. It is read as one frame that says everything, so it can't differ from its stream."""

import msgspec

from llm_pure.adapters.dialects.qianfan_v1 import wire
from llm_pure.adapters.dialects.qianfan_v1.errors import find_error
from llm_pure.adapters.dialects.qianfan_v1.stream import State, read_frame
from llm_pure.adapters.dialects.unmodelled import broken
from llm_pure.core.collect import Collector
from llm_pure.core.error_mapping import decode_success_json
from llm_pure.core.stream import header_events
from llm_pure.framing.json_codec import decode
from llm_pure.types.completion import Completion
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success


def parse_chat(name: str, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that the body tells, which has status 200 here; with ProtocolError when it is no answer.
    """
    good = decode_success_json(name, response, lambda raw: find_error(name, raw, response))
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    if not isinstance(raw, dict) or not ("result" in raw or "function_call" in raw):
        return Failure(broken(name, "the answer has neither result nor function_call", response))
    typed = decode(wire.FRAME, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    whole = msgspec.structs.replace(typed.unwrap(), is_end=True)
    _, events = read_frame(name, State(), whole, raw)
    collector = Collector()
    collector.add(header_events(response.headers))
    collector.add(events)
    return Success(collector.completion())
