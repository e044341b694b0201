"""What several dialects share; nothing here belongs to one wire API."""
