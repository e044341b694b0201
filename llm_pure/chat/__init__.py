"""Message input and export: what users write -> Message, and back."""
