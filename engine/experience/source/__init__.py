"""Where things are in the text of an experience."""
