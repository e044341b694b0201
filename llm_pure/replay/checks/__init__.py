"""Checks over cassettes: parsing, stream properties, differences."""
