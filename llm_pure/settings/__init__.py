"""Configuration files and environment variables."""
