"""A whole text as blocks, so that an edit reads only what it touched."""
