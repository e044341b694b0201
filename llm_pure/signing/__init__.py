"""Add credentials to requests. Pure: `now` is an argument, no clock and no file is read."""
