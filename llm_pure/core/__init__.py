"""The interface of a provider, and what all dialects share: requests, streams, error mapping, adaptations."""
