"""A server on loopback that speaks the APIs that aimock does not speak, or speaks badly.

Written by this project from the wire notes (the providers' documentation, put in our words); it is no provider's service,
and cassettes that were recorded from it say so. One module for each API, as pure functions `answer(asked) -> Reply`; the
questions and answers are those of tests/support/aimock.json, so both servers say the same.
"""

from tests.support.services.server import LOOPBACK_PORT, NAME, serve

__all__ = ["LOOPBACK_PORT", "NAME", "serve"]
