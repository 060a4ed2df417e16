"""Access to the files of an experience, through a port."""
