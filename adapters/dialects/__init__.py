"""The wire APIs that providers speak, each named after the API and not after a seller."""
