"""One version of a document, and what stands at an offset of it."""
