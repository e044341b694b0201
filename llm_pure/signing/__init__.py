"""Credentials: (request, keys, now) -> the request that the service accepts. Nothing here reads a clock or a file."""
