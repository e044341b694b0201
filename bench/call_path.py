"""Print how far one completion runs through the code: Python calls, modules and changes of module.

Counted: each call of a Python function whose code is in `llm_pure/` or `adapters/`, during one unary OpenAI
`LLM.completion` over the scripted transport, after one call that loads the modules. The transport's own functions and
the step from the caller into `completion` count; a resumed generator, a lambda and (on CPython 3.11) a comprehension
are calls too. C functions and other packages do not count.
modules: files that contain these functions. changes: calls in another file than the call before.

    python -m bench.call_path            print the three numbers
    python -m bench.call_path --path     print each call too
"""

import itertools
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

import llm_pure
from llm_pure import LLM, ChatRequest, LLMConfig, user

_PACKAGE = Path(llm_pure.__file__).parent
_FOLDERS = (f"{_PACKAGE}/", f"{(_PACKAGE / 'adapters').resolve()}/")
_BODY = (
    b'{"id":"c","model":"gpt-5.2","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
)


def traced(function: Callable[[], object]) -> list[tuple[str, str]]:
    """Run the function; return (file, name) of each call that counts, in order."""
    calls: list[tuple[str, str]] = []

    def on_event(frame: FrameType, event: str, argument: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(_FOLDERS):
            calls.append((file, frame.f_code.co_name))

    sys.setprofile(on_event)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls


def numbers(calls: list[tuple[str, str]]) -> tuple[int, int, int]:
    """Return the calls, the modules and the changes of module."""
    files = [file for file, _ in calls]
    changes = sum(before != after for before, after in itertools.pairwise(files))
    return len(calls), len(set(files)), changes


def scripted_call() -> Callable[[], object]:
    """Return one completion over the scripted transport, which has answers for two."""
    folder = (
        "llm_pure.transports" if find_spec("llm_pure.transports") else "llm_pure.transports.base"
    )
    scripted: Any = import_module(f"{folder}.scripted")
    headers = (("content-type", "application/json"),)
    script = [scripted.ScriptedResponse(headers=headers, chunks=(_BODY,))] * 2
    client = LLM(LLMConfig(api_key="k", model="gpt-5.2"), scripted.ScriptedTransport(script))
    request = ChatRequest(messages=(user("Hi"),))
    return lambda: client.completion(request).unwrap()


def main(arguments: list[str]) -> None:
    """Print the numbers, after the path with --path."""
    call = scripted_call()
    call()
    calls = traced(call)
    if "--path" in arguments:
        for file, name in calls:
            print(Path(file).relative_to(_PACKAGE.parent), name)
    print("calls {}, modules {}, changes of module {}".format(*numbers(calls)))


if __name__ == "__main__":
    main(sys.argv[1:])
