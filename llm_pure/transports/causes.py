"""Exceptions of network libraries -> words for people."""

import os

from llm_pure.types.redact import redact


def said(fault: BaseException) -> str:
    """Its words without a key, else its name."""
    return redact(str(fault)) or type(fault).__name__


def reason(fault: BaseException) -> str:
    """The words of the innermost cause that has any: "Connection refused", not "All connection attempts failed"."""
    told = [cause for cause in exception_chain(fault) if isinstance(cause, OSError) and str(cause)]
    innermost = told[-1] if told else fault
    if isinstance(innermost, ConnectionError) and innermost.errno:
        return os.strerror(innermost.errno)  # asyncio puts words of its own in place of these
    return said(innermost)


def exception_chain(fault: BaseException) -> list[BaseException]:
    """What led to this exception, the innermost last."""
    causes: list[BaseException] = []
    cause = fault.__cause__ or fault.__context__
    while cause is not None and len(causes) < 8:
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes
