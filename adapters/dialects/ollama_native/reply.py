"""A whole answer -> Completion. It is read as one line that says everything, so it can't differ from its stream."""

import msgspec

from llm_pure.adapters.dialects.ollama_native import wire
from llm_pure.adapters.dialects.ollama_native.errors import error_in
from llm_pure.adapters.dialects.ollama_native.stream import State, read_line
from llm_pure.classify import good_json
from llm_pure.codec import decode
from llm_pure.collect import Collector
from llm_pure.completion import Completion
from llm_pure.errors import EVIDENCE_LIMIT, ProtocolFault, StreamInterrupted
from llm_pure.http import HttpResponse
from llm_pure.redact import conceal_bytes
from llm_pure.result import Failure, Parsed, Success
from llm_pure.stream import told_by_headers


def parse_chat(name: str, response: HttpResponse) -> Parsed[Completion]:
    """The Completion of any answer of /api/chat or /api/generate, for any status and any bytes.

    Fails with the error that the body tells, at any status; with ProtocolFault when a 2xx body is no answer; with
    StreamInterrupted when it says of itself that it is not done.
    """
    good = good_json(name, response, lambda raw: error_in(name, raw, response))
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    if not isinstance(raw, dict) or not (raw.get("message") or "response" in raw):
        return Failure(broken(name, "the answer has neither `message` nor `response`", response))
    typed = decode(wire.LINE, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    line = typed.unwrap()
    done = msgspec.structs.replace(line, done=line.done is not False)
    _, events = read_line(name, State(), done, raw)
    collector = Collector()
    collector.add(told_by_headers(response.headers))
    collector.add(events)
    completion = collector.completion()
    if line.done is False:
        message = "the answer says that it is not done"
        return Failure(StreamInterrupted(message=message, provider=name, partial=completion))
    return Success(completion)


def broken(name: str, message: str, response: HttpResponse) -> ProtocolFault:
    """A 2xx body that is JSON but no answer."""
    return ProtocolFault(
        message=message,
        provider=name,
        status=response.status,
        where="body",
        evidence=conceal_bytes(response.body[:EVIDENCE_LIMIT]),
    )
