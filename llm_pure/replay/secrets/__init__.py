"""Secrets in recorded traffic: patterns, redaction, scan."""
