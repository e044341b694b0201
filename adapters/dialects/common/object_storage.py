"""URIs of objects in a bucket, such as gs://bucket/folder/file, and the configured folder for files of batches.

Source: botocore 1.44.8 (bedrock service model, S3Uri); cloud.google.com, "Bucket names"; read 2026-11-30.
"""

import re
from typing import NoReturn
from urllib.parse import quote

from llm_pure.core.batch_api import BatchInput
from llm_pure.core.service import AnyService
from llm_pure.core.urls import base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.redact import redact_url
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Failure

_FOLDER = re.compile(r"(?P<bucket>[a-z0-9][-._a-z0-9]{1,220}[a-z0-9])(?:/[-!_*'().a-zA-Z0-9=]+)*/?")


def folder_of(service: AnyService, config: LLMConfig, scheme: str) -> str:
    """`config.batch_uri` without a slash at its end. Raises Rejected with InvalidConfiguration without one."""
    uri = (config.batch_uri or "").strip()
    example = f"{scheme}://bucket/folder"
    if not uri:
        message = f"batches of {service.name} need a bucket: set `batch_uri`, such as {example}"
        reject(service.name, "batch_uri", message)
    if not uri.startswith(f"{scheme}://") or not _FOLDER.fullmatch(uri.partition("://")[2]):
        reject(
            service.name,
            "batch_uri",
            f"{uri[:80]!r} is not a folder of a bucket, such as {example}",
        )
    return uri.rstrip("/")


def input_uri(folder: str, job: BatchInput) -> str:
    """The object with the lines of a job."""
    return f"{folder}/{job.key}.jsonl"


def output_uri(folder: str, job: BatchInput) -> str:
    """The folder for the results of a job."""
    return f"{folder}/{job.key}-results/"


def split_uri(service: AnyService, uri: str, scheme: str) -> tuple[str, str]:
    """s3://bucket/a/b -> ("bucket", "a/b"). Raises Rejected with InvalidConfiguration for another URI."""
    prefix, separator, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if prefix != scheme or not separator or not _FOLDER.fullmatch(bucket):
        reject(service.name, "batch_uri", f"{uri[:80]!r} is not an object of {scheme}://")
    return bucket, key


def endpoint_of(service: AnyService, config: LLMConfig, default: str) -> str:
    """The URL of the object store. Raises Rejected with InvalidConfiguration if the configured one is not a URL."""
    url = base_url(LLMConfig(base_url=config.storage_endpoint), default, provider=service.name)
    if isinstance(url, Failure):
        shown = redact_url(config.storage_endpoint or "")[:80]
        message = f"{shown!r} is not the URL of an object store"
        reject(service.name, "storage_endpoint", message)
    return url.unwrap()


def object_path(key: str) -> str:
    """An object's key as a path."""
    return quote(key, safe="/~")


def reject(name: str, field: str, message: str) -> NoReturn:
    """Raise Rejected with InvalidConfiguration. name: of the provider."""
    raise Rejected(InvalidConfiguration(message=message, provider=name, field=field))
