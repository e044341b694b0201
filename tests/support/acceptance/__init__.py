"""The law of acceptance: requests as they are in the wild, and what each service takes of their bodies."""
