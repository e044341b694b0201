"""Disorders: a recorded answer deformed as gateways and local servers deform it, with the same meaning. Pure."""
