"""botocore: the stream of `converse_stream`, and EventStreamBuffer for framing only."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from llm_pure.bench.peers import Reader
from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare, Run


class _Raw:
    """What urllib3 gives to botocore, out of memory."""

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self._pieces = pieces

    def stream(self) -> Iterator[bytes]:
        return iter(self._pieces)


def read_converse(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    aws_response = import_module("botocore.awsrequest").AWSResponse
    client = (
        import_module("botocore.session")
        .Session()
        .create_client(
            "bedrock-runtime",
            region_name="us-east-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )
    )

    def answer(request: Any, **_: object) -> Any:
        return aws_response(request.url, 200, {"content-type": sample.content_type}, _Raw(pieces))

    client.meta.events.register("before-send.bedrock-runtime.ConverseStream", answer)

    def prepare() -> Run:
        response = client.converse_stream(
            modelId="amazon.nova-lite-v1:0",
            messages=[{"role": "user", "content": [{"text": "Hi"}]}],
        )

        def run() -> str:
            text: list[str] = []
            for event in response["stream"]:
                if "contentBlockDelta" in event:
                    text.append(event["contentBlockDelta"]["delta"].get("text", ""))
            return "".join(text)

        return run

    return prepare


def cut_messages(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    event_stream_buffer = import_module("botocore.eventstream").EventStreamBuffer

    def run() -> int:
        buffer = event_stream_buffer()
        count = 0
        for piece in pieces:
            buffer.add_data(piece)
            count += sum(1 for _ in buffer)
        return count

    return lambda: run


READERS: Mapping[str, Reader] = {"bedrock_converse": read_converse}
FRAMERS: Mapping[str, Reader] = {"bedrock_converse": cut_messages}
