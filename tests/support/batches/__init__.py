"""Batch services on loopback, one for each shape, with seeded misfortune; written from the wire notes.

`FakeBatches(shape, seed)` answers requests as values; `serve_batches` puts it behind HTTP, as the official packages need it.
They are no provider's services.
"""

from tests.support.batches.fake import SHAPES, FakeBatches, serve_batches

__all__ = ["SHAPES", "FakeBatches", "serve_batches"]
