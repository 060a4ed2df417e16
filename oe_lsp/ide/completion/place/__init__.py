"""What is being typed at an offset, found from the text alone."""
