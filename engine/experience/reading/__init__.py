"""From a tolerant tree to the typed model, item by item."""
