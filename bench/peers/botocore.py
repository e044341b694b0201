"""botocore: the stream of `converse_stream`, and EventStreamBuffer for framing only."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.eventstream import EventStreamBuffer
from botocore.session import Session

from bench.measure import Prepare, Run
from bench.peers import Reader
from bench.samples import Sample


class _Raw:
    """What urllib3 gives to botocore, out of memory."""

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self._pieces = pieces

    def stream(self) -> Iterator[bytes]:
        return iter(self._pieces)


def read_converse(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    client = Session().create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )

    def answer(request: Any, **_: object) -> AWSResponse:
        return AWSResponse(request.url, 200, {"content-type": sample.content_type}, _Raw(pieces))

    client.meta.events.register("before-send.bedrock-runtime.ConverseStream", answer)

    def prepare() -> Run:
        answered = client.converse_stream(
            modelId="amazon.nova-lite-v1:0",
            messages=[{"role": "user", "content": [{"text": "Hi"}]}],
        )

        def run() -> str:
            text: list[str] = []
            for event in answered["stream"]:
                if "contentBlockDelta" in event:
                    text.append(event["contentBlockDelta"]["delta"]["text"])
            return "".join(text)

        return run

    return prepare


def cut_messages(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    def run() -> int:
        buffer = EventStreamBuffer()
        found = 0
        for piece in pieces:
            buffer.add_data(piece)
            found += sum(1 for _ in buffer)
        return found

    return lambda: run


READERS: Mapping[str, Reader] = {"bedrock_converse": read_converse}
FRAMERS: Mapping[str, Reader] = {"bedrock_converse": cut_messages}
