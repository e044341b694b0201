"""Retry, rate limits and their simulation, as pure functions."""
