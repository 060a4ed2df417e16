"""Files under `.openexpertise`: paths, locks, and the port to the disk."""
