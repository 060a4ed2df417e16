"""Values that a log holds by reference: inputs in earlier lines, large values in blobs."""
