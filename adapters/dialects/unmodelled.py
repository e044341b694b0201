"""Older names of `common.extra_fields`, for dialects that are not on `core.dialect` yet."""

from llm_pure.adapters.dialects.common.extra_fields import SeenExtras as Known
from llm_pure.adapters.dialects.common.extra_fields import emit_extra_fields
from llm_pure.adapters.dialects.common.extra_fields import extra_fields as others
from llm_pure.types.errors import ProtocolError
from llm_pure.types.http import HttpResponse


def broken(name: str, message: str, response: HttpResponse) -> ProtocolError:
    """A 2xx body that is JSON but no answer."""
    return ProtocolError(
        message=message,
        provider=name,
        status=response.status,
        where="body",
        evidence=response.body,
    )


__all__ = ["Known", "broken", "emit_extra_fields", "others"]
