"""Batch services on loopback, one for each shape, with seeded misfortune; written from the wire notes.

`FakeBatches(shape, seed)` answers requests as values; `serve_batches` puts it behind HTTP, as the official packages need it.
They are no provider's services.
"""

from tests.support.batches.fake import FIRST_SHAPES, ROUTES, FakeBatches, serve_batches
from tests.support.batches.storage import STORAGE_ROUTES

ROUTES.update(STORAGE_ROUTES)
SHAPES = (*FIRST_SHAPES, *STORAGE_ROUTES)
"""The kinds of services."""

__all__ = ["SHAPES", "FakeBatches", "serve_batches"]
