"""What the Python worker is made of. Stand-alone: Python 3.8 and the standard library suffice."""
