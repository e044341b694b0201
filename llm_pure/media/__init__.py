"""Images as files, and the input modalities of models."""
