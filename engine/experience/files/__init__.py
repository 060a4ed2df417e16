"""The files beside an experience, behind a port."""
