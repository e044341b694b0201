"""Transports: send an HttpRequest to a service and return its response, one module for each I/O library."""
