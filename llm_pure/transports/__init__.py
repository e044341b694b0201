"""I/O libraries that carry an HttpRequest to a service."""
