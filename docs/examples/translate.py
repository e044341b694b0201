"""A request in Anthropic's format, answered by another vendor's model: pure functions around any transport."""

from msgspec.structs import replace

from llm_pure import LLM, HttpRequest, HttpResponse, LLMConfig, fold, unwrap
from llm_pure.server import server_dialects

dialect = server_dialects["anthropic_messages"]


def answer(llm: LLM, request: HttpRequest) -> HttpResponse:
    """The response in the format of the request, also for an error of the model's service."""
    received = unwrap(dialect.parse_request(request))
    received = replace(received, upstream_dialect="openai_chat")  # its extra fields stay here
    return fold(
        llm.completion(received.chat),
        ok=lambda completion: dialect.build_response(completion, received),
        err=lambda error: dialect.build_error(error, received),
    )


if __name__ == "__main__":
    body = b'{"model": "gpt-5.6-luna", "max_tokens": 99, "messages": [{"role": "user", "content": "Why is the sky blue?"}]}'
    with LLM(LLMConfig(api_type="openai", model="gpt-5.6-luna")) as client:
        print(answer(client, HttpRequest("POST", "/v1/messages", (), body)).body.decode())
