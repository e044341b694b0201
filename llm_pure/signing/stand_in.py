"""Stand-ins for configuration that is missing where no service receives the request: replays and doubles of tests. Pure.

A transport with `needs_credentials = False` reaches no service. The client then fills in what an error of `build_*` or
`authorize` names, and marks the request, so that a recorder that has to send it fails with that error instead.
"""

import msgspec

from llm_pure.types.config import SECRET_FIELDS, LLMConfig, Secret
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.http import HttpRequest

LOCATION_FIELDS = {"base_url": "https://recorded.invalid", "project": "recorded-project"}
"""Fields that become part of the URL -> their stand-ins. A replay takes the URL from its recordings."""

STAND_INS: dict[str, str | Secret] = {
    **dict.fromkeys(SECRET_FIELDS, Secret("stand-in-credential")),
    **LOCATION_FIELDS,
}


class StandInRequest(HttpRequest, frozen=True, gc=False, kw_only=True):
    """A request with stand-ins. It must not reach a service."""

    error: LLMError
    """Why the request could not be built or signed without."""

    @property
    def is_located(self) -> bool:
        """Whether the URL is the configured one."""
        error = self.error
        return not (isinstance(error, InvalidConfiguration) and error.field in LOCATION_FIELDS)


def with_stand_in(config: LLMConfig, error: LLMError) -> LLMConfig | None:
    """Return the configuration with a stand-in for the field that the error names; None if there is none or it was used."""
    if not isinstance(error, InvalidConfiguration) or error.field not in STAND_INS:
        return None
    stand_in = STAND_INS[error.field]
    if getattr(config, error.field) == stand_in:
        return None
    return msgspec.structs.replace(config, **{error.field: stand_in})


def mark_stand_in(request: HttpRequest, error: LLMError) -> StandInRequest:
    """Mark a request that was built or signed with stand-ins. error: the one that they avoid."""
    return StandInRequest(
        method=request.method,
        url=request.url,
        headers=request.headers,
        body=request.body,
        error=error,
    )
