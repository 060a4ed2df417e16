"""Divides a text into blocks, so that after an edit only the blocks that it touched are read again."""
