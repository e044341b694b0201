"""What is recorded of batch services: a job is created, polled and read, and one is not there.

The services are those of tests/support/batches, each with one uploaded file and one job that has ended; every request meets
them as they were at first, so that the order of recording changes nothing.
"""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from llm_pure import ChatRequest, HttpRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.batch_api import BatchApi, BatchInput, BatchJob, UploadState
from llm_pure.core.provider import Provider
from llm_pure.types.http import HttpResponse
from tests.support.batch_crashes import MODELS, storage_fields
from tests.support.batches import FakeBatches
from tests.support.batches.jobs import FakeRow
from tests.support.batches.storage import STORAGE_ROUTES
from tests.support.configs import file_config
from tests.support.scenarios import CASSETTES, NOW
from tests.support.services.exchange import Asked, Reply
from tests.support.speaker import KEY, LOOPBACK_URL

BatchOperation: TypeAlias = Literal["batch_create", "batch_poll", "batch_results", "batch_error"]
BATCH_OPERATIONS: tuple[BatchOperation, ...] = (
    "batch_create",
    "batch_poll",
    "batch_results",
    "batch_error",
)
JOB_KEY = "llm-pure-recorded-1"
PROMPTS = {"row-1": "one", "row-2": "two"}

SHAPE_PATHS: dict[str, tuple[str, str]] = {
    "anthropic": ("anthropic", ""),
    "azure": ("files", "/v1"),
    "azure_responses": ("files", "/responses/v1"),
    "bedrock": ("bedrock", ""),
    "bedrock_invoke": ("bedrock_invoke", ""),
    "dashscope": ("files", "/compatible-mode/v1"),
    "dashscope_compatible": ("files", "/v1"),
    "fireworks": ("fireworks", "/inference/v1"),
    "gemini": ("gemini", ""),
    "groq": ("files", "/openai/v1"),
    "mistral": ("mistral", "/v1"),
    "openai": ("files", "/v1"),
    "openai_responses": ("files", "/responses/v1"),
    "openrouter": ("openrouter", "/v1"),
    "siliconflow": ("files", "/v1"),
    "together": ("together", "/v1"),
    "vertex": ("vertex", ""),
    "vertex_anthropic": ("vertex_claude", ""),
    "xai": ("xai", "/v1"),
    "zai": ("files", "/v4"),
    "zhipuai": ("files", "/v4"),
}
"""Provider -> the shape of its service here, and the path of its base URL."""


STORAGE_SHAPES = {
    shape: name for name, (shape, _) in SHAPE_PATHS.items() if shape in STORAGE_ROUTES
}
"""Shape with files elsewhere -> its provider."""


class BatchScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one batch service, and where its exchange is kept."""

    provider_name: str
    operation: BatchOperation

    @property
    def provider(self) -> Provider:
        """Of the service."""
        return registry.get(self.provider_name).unwrap()

    @property
    def api(self) -> BatchApi:
        """The provider's batch service."""
        api = self.provider.batch
        assert api is not None
        return api

    @property
    def config(self) -> LLMConfig:
        """The configuration, with the loopback server."""
        shape, path = SHAPE_PATHS[self.provider_name]
        return file_config(
            api_type=self.provider_name,
            base_url=f"{LOOPBACK_URL}/batches_{shape}{path}",
            model=self.model,
            api_key=KEY,
            **storage_fields(shape, f"{LOOPBACK_URL}/batches_{shape}"),
        )

    @property
    def model(self) -> str:
        """A model of the service."""
        return MODELS.get(SHAPE_PATHS[self.provider_name][0], "some-model")

    @property
    def job_input(self) -> BatchInput:
        """The job that is created: inline, or of the file that is there."""
        lines = [self.api.build_line(self.config, name, ChatRequest(messages=prompt)).unwrap() for name, prompt in PROMPTS.items()]  # fmt: skip
        inline = self.api.upload is None or self.api.limits.inline_bytes is not None
        job = BatchInput(
            key=JOB_KEY,
            model=self.model,
            lines=tuple([line.data for line in lines]),
            file_id="" if inline else "file-1",
        )
        if SHAPE_PATHS[self.provider_name][0] not in STORAGE_SHAPES:
            return job
        assert self.api.upload is not None
        step = self.api.upload(self.config, job, UploadState()).unwrap()
        return msgspec.structs.replace(job, file_id=step.file_id)

    def send(self, fake: FakeBatches, request: HttpRequest) -> HttpResponse:
        """The service's response to a request, which is signed."""
        return fake.handle(self.provider.authorize(self.config, request, NOW).unwrap())

    @property
    def known_job(self) -> BatchJob:
        """The job that has ended, as the service describes it."""
        shape, _ = SHAPE_PATHS[self.provider_name]
        fake = _fake(shape, self.responses)
        request = self.api.poll(self.config, fake.jobs[0].id).unwrap()
        return self.api.parse_job(self.send(fake, request)).unwrap()

    @property
    def responses(self) -> bool:
        """True for the Responses API."""
        return self.provider_name.endswith("_responses")

    @property
    def built(self) -> HttpRequest:
        """The request without credentials."""
        api, config = self.api, self.config
        match self.operation:
            case "batch_create":
                return api.create(config, self.job_input).unwrap()
            case "batch_poll":
                return api.poll(config, self.known_job.id).unwrap()
            case "batch_error":
                return api.poll(config, _unknown(self.known_job.id)).unwrap()
            case _:
                return api.results(config, self.known_job, self.known_job.pages[0]).unwrap()

    @property
    def signed(self) -> HttpRequest:
        """The request as it is sent."""
        return self.provider.authorize(self.config, self.built, NOW).unwrap()

    def parts(self, response: HttpResponse) -> list[HttpRequest]:
        """The requests, as they are sent, for the files that a page of results names."""
        if self.operation != "batch_results" or self.api.build_parts is None:
            return []
        known = self.known_job
        parts = self.api.build_parts(self.config, known, known.pages[0], response).unwrap()
        return [
            self.provider.authorize(self.config, part.request, NOW).unwrap()
            if part.authorize
            else part.request
            for part in parts.requests
        ]

    @property
    def status(self) -> int:
        """The status of the response."""
        if self.operation == "batch_error":
            return 404
        accepted = self.operation == "batch_create" and self.provider_name == "openrouter"
        return 202 if accepted else 200

    @property
    def path(self) -> Path:
        """cassettes/<provider>/<operation>.unary.<status>.<hash>.yaml."""
        request = self.built
        identity = b"\n".join([request.method.encode(), request.url.encode(), request.body])
        digest = hashlib.sha256(identity).hexdigest()[:8]
        name = f"{self.operation}.unary.{self.status}.{digest}.yaml"
        return CASSETTES / self.provider_name / name

    @property
    def id(self) -> str:
        """For test ids."""
        return f"{self.provider_name}-{self.operation}"


def batch_scenarios() -> Iterator[BatchScenario]:
    """Every one of them."""
    for name in SHAPE_PATHS:
        for operation in BATCH_OPERATIONS:
            yield BatchScenario(provider_name=name, operation=operation)


def _unknown(job_id: str) -> str:
    return f"{job_id}-unknown"


def _with_files(fake: FakeBatches, has_job: bool) -> FakeBatches:
    """The service with files elsewhere, with the lines of a job, and with the job."""
    scenario = BatchScenario(provider_name=STORAGE_SHAPES[fake.shape], operation="batch_create")
    api, config, job, state = scenario.api, scenario.config, scenario.job_input, UploadState()
    assert api.upload is not None
    assert api.parse_upload is not None
    while not state.done:
        step = api.upload(config, job, state).unwrap()
        state = msgspec.structs.replace(state, file_id=step.file_id)
        state = api.parse_upload(scenario.send(fake, step.request), state).unwrap()
    if has_job:
        created = api.parse_job(scenario.send(fake, api.create(config, job).unwrap())).unwrap()
        scenario.send(fake, api.poll(config, created.id).unwrap())  # its results are written
    return fake


def _fake(shape: str, responses: bool = False, *, has_job: bool = True) -> FakeBatches:
    """The service with a file and a job that has ended."""
    fake = FakeBatches(shape, url=f"{LOOPBACK_URL}/batches_{shape}")
    if shape in STORAGE_SHAPES:
        return _with_files(fake, has_job)
    bodies = {
        name: {"model": "some-model", "input": [{"content": prompt}]}
        if responses
        else {"model": "some-model", "messages": [{"role": "user", "content": prompt}]}
        for name, prompt in PROMPTS.items()
    }
    rows = [{"custom_id": name, "body": body} for name, body in bodies.items()]
    fake.add_file(b"".join([msgspec.json.encode(row) + b"\n" for row in rows]))
    prefixes = {"gemini": "batches/", "anthropic": "msgbatch_"}
    fake.add_job(
        prefixes.get(shape, "batch_"),
        [FakeRow(name, body) for name, body in bodies.items()],
        key=JOB_KEY,
        model="some-model",
        input_file="" if shape in ("gemini", "mistral", "openrouter", "anthropic") else "file-1",
    )
    return fake


def answer(shape: str, request: Asked) -> Reply:
    """A service of the loopback server: every request meets the same file and job."""
    fake = _fake(shape, "responses" in request.path, has_job=request.method != "POST")
    url = f"{LOOPBACK_URL}/batches_{shape}{request.path}" + (
        f"?{request.query}" if request.query else ""
    )
    for job in list(fake.jobs):  # its files are written when it is looked at
        if shape in ("files", "together"):
            fake.handle(HttpRequest("GET", f"{LOOPBACK_URL}/batches_{shape}/batches/{job.id}"))
    response: HttpResponse = fake.handle(
        HttpRequest(request.method, url, tuple(request.headers.items()), request.raw)
    )
    headers = dict(response.headers)
    return Reply(
        pieces=(response.body,),
        content_type=headers.pop("content-type"),
        status=response.status,
        headers=tuple([pair for pair in headers.items() if pair[0] != "content-length"]),
    )


BATCH_SERVICES = {
    f"batches_{shape}": partial(answer, shape)
    for shape in sorted({shape for shape, _ in SHAPE_PATHS.values()})
}
"""Services of the loopback server, by the first segment of the path."""
