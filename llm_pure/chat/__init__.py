"""What users write -> Message, and back."""
