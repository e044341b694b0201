"""A client's compressed body -> its plain bytes, with a bound on their size. Pure.

gzip and deflate are always read; br and zstd with the extra `codings`, else they are 415, which clients answer by a plain body.
"""

from msgspec.structs import replace

from llm_pure.types.errors import InvalidRequest, LLMError
from llm_pure.types.http import HttpRequest, ResponseHead
from llm_pure.types.rejection import reject, returns_failure
from llm_pure.types.result import Failure

MAX_BYTES = 32 * 1024 * 1024
"""The largest body of Anthropic's API. Source: ../shared/wire/server-side.md section 12, read 2026-11-29."""
MAX_RATIO = 200
"""Plain bytes for each compressed one, beyond the first MiB: JSON of conversations has 5 to 30, bombs a thousand."""
_FREE = 1024 * 1024
_MAX_CODINGS = 2


@returns_failure
def plain_request(
    request: HttpRequest, *, max_bytes: int = MAX_BYTES, max_ratio: int = MAX_RATIO
) -> HttpRequest:
    """The request with its body as it was before its content codings, without the header that names them.

    Fails with InvalidRequest: status 413 for a body that is too large, 415 for a coding that is not read here, 400 for a
    body that is broken.
    """
    values = [value for name, value in request.headers if name.lower() == "content-encoding"]
    names = [name.strip().lower() for name in ",".join(values).split(",")]
    codings = [name for name in names if name not in ("", "identity")]
    if not codings:
        return request
    from llm_pure.transports.content_coding import BodyReader, is_readable  # late: few requests

    unread = next((name for name in codings if not is_readable(name)), None)
    if unread is not None or len(codings) > _MAX_CODINGS:
        reject(_invalid(f"the content coding {unread or ', '.join(codings)} is not read here", 415))
    limit = min(max_bytes, max(_FREE, max_ratio * len(request.body)))
    reader = BodyReader(ResponseHead(200, (("content-encoding", ",".join(codings)),)), limit)
    body = reader.take(request.body)
    if isinstance(body, Failure) and reader.is_over_limit:
        reject(_invalid(f"the body is larger than {limit} bytes when it is decoded", 413))
    if isinstance(body, Failure) or isinstance(reader.end(), Failure):
        reject(_invalid(f"the body is not {', '.join(codings)}", 400))
    kept = [
        (name, value)
        for name, value in request.headers
        if name.lower() not in ("content-encoding", "content-length")
    ]
    return replace(request, headers=tuple(kept), body=body.unwrap())


def _invalid(message: str, status: int) -> LLMError:
    return InvalidRequest(message=message, status=status)
