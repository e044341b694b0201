"""Objects in Google Cloud Storage by its JSON API: upload, download, list, delete. `authorize` of Vertex AI adds the token.

Source: cloud.google.com/storage/docs/json_api/v1, Objects; litellm 1.110.2, vertex_ai/files/transformation.py; read 2026-11-30.
"""

from urllib.parse import quote

from llm_pure.adapters.dialects.common.batch_values import ACCEPT_JSON, bare_request, with_query
from llm_pure.adapters.dialects.common.object_storage import endpoint_of, split_uri
from llm_pure.core.service import AnyService
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import Headers, HttpRequest

SCHEME = "gs"
_ENDPOINT = "https://storage.googleapis.com"


def build_upload(service: AnyService, config: LLMConfig, uri: str, data: bytes) -> HttpRequest:
    """POST {endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={key}, with the bytes."""
    bucket, key = split_uri(service, uri, SCHEME)
    url = f"{endpoint_of(service, config, _ENDPOINT)}/upload/storage/v1/b/{bucket}/o"
    headers: Headers = (("content-type", "application/jsonl"), *ACCEPT_JSON)
    return bare_request(config, "POST", with_query(url, uploadType="media", name=key), headers, data)  # fmt: skip


def build_download(service: AnyService, config: LLMConfig, uri: str) -> HttpRequest:
    """GET {endpoint}/storage/v1/b/{bucket}/o/{key}?alt=media."""
    url = with_query(_object_url(service, config, uri), alt="media")
    return bare_request(config, "GET", url, (("accept", "*/*"),))


def build_delete(service: AnyService, config: LLMConfig, uri: str) -> HttpRequest:
    """DELETE {endpoint}/storage/v1/b/{bucket}/o/{key}."""
    return bare_request(config, "DELETE", _object_url(service, config, uri))


def build_list(service: AnyService, config: LLMConfig, uri: str, page: str) -> HttpRequest:
    """GET {endpoint}/storage/v1/b/{bucket}/o?prefix={key}: the objects of a folder."""
    bucket, key = split_uri(service, uri, SCHEME)
    url = f"{endpoint_of(service, config, _ENDPOINT)}/storage/v1/b/{bucket}/o"
    prefix = f"{key.rstrip('/')}/" if key else ""
    return bare_request(config, "GET", with_query(url, prefix=prefix, pageToken=page))


def _object_url(service: AnyService, config: LLMConfig, uri: str) -> str:
    bucket, key = split_uri(service, uri, SCHEME)
    return (
        f"{endpoint_of(service, config, _ENDPOINT)}/storage/v1/b/{bucket}/o/{quote(key, safe='')}"
    )
