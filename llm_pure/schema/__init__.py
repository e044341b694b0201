"""JSON Schema in the form that a service accepts."""
