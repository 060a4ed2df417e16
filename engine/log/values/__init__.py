"""Input values and large values, by reference instead of in full."""
