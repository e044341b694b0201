"""The gateway: one server through which clients of every dialect reach the configured models."""
