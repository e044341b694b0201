"""Run in a process of its own: the modules that a first call loads. `python first_call.py URL KIND`, KIND from KINDS below.

Prints, as JSON, the modules that are new since `import llm_pure, httpx` without httpx's command line. A KIND that ends in
"alone" counts from where its client stands, with everything that the call itself imports.
"""

import json
import sys
from collections.abc import Callable, Coroutine
from typing import Any


def main() -> None:
    url, kind = sys.argv[1:3]
    import llm_pure

    hidden: dict[str, Any] = sys.modules
    hidden["httpx._main"] = None
    import httpx

    del hidden["httpx._main"]
    assert httpx.__version__
    before = set(sys.modules)
    call = KINDS[kind](llm_pure, url)
    if kind.endswith("alone"):
        before = set(sys.modules)
    call()
    print(json.dumps(sorted(set(sys.modules) - before)))


def bare(llm_pure: Any, url: str) -> Callable[[], Any]:
    import httpx

    def call() -> None:
        with httpx.Client() as client:
            client.post(f"{url}/v1/chat/completions", json={}).raise_for_status()

    return call


def bare_async(llm_pure: Any, url: str) -> Callable[[], Any]:
    import httpx

    async def call() -> None:
        async with httpx.AsyncClient() as client:
            (await client.post(f"{url}/v1/chat/completions", json={})).raise_for_status()

    return lambda: run(call())


def sync(llm_pure: Any, url: str) -> Callable[[], Any]:
    llm = client(llm_pure, url)
    return lambda: llm.ask("Hi").unwrap()


def asynchronous(llm_pure: Any, url: str) -> Callable[[], Any]:
    llm = client(llm_pure, url)

    async def call() -> None:
        (await llm.aask("Hi")).unwrap()

    return lambda: run(call())


def run(call: Coroutine[Any, Any, None]) -> None:
    import asyncio  # counted: a sync call needs none of it

    asyncio.run(call)


def client(llm_pure: Any, url: str) -> Any:
    config = llm_pure.LLMConfig(api_key="k", model="m", base_url=f"{url}/v1", stream=False)
    return llm_pure.LLM(config)


KINDS = {
    "bare": bare,
    "bare async": bare_async,
    "sync": sync,
    "async": asynchronous,
    "sync alone": sync,
    "async alone": asynchronous,
}

if __name__ == "__main__":
    main()
