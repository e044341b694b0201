"""OpenAI's Responses: the counting of input tokens, which aimock leaves out.

Source: ../shared/wire/openai-family.md sections 2 and 3; openai/openai-openapi 2.3.0; read 2026-11-20.
"""

from tests.support.services.answers import answer_to
from tests.support.services.exchange import Asked, Reply, json_reply


def answer(asked: Asked) -> Reply:
    """POST /responses/input_tokens."""
    told = answer_to(asked)
    if told.status != 200:
        error = {"message": told.message, "type": told.error_type, "param": None, "code": None}
        return json_reply({"error": error}, status=told.status)
    return json_reply({"object": "response.input_tokens", "input_tokens": told.input_tokens})
