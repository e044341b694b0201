"""The gateway: an ASGI application that answers clients of five dialects with the models of a configuration.

    application = gateway()                 the models of the configuration files; serve it with any ASGI server

Nothing of it is loaded by `import llm_pure`.
"""

from llm_pure.gateway.access import Access, Caller
from llm_pure.gateway.application import Gateway, gateway
from llm_pure.gateway.call_record import CallRecord

__all__ = ["Access", "CallRecord", "Caller", "Gateway", "gateway"]
