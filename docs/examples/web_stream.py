"""A web endpoint that streams. A client that leaves cancels the call of the model: `uvicorn web_stream:app`."""

from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from llm_pure import LLM, LLMConfig

llm = LLM(LLMConfig(api_type="openai", model="gpt-5.6-luna"))


async def ask(request: Request) -> StreamingResponse:
    async def texts() -> AsyncIterator[str]:
        async with llm.astream(request.query_params["q"]) as stream:  # closed with the client
            async for text in stream.texts():
                yield text

    return StreamingResponse(texts(), media_type="text/plain")


app = Starlette(routes=[Route("/ask", ask)])
