"""What `oe init` begins with: each folder is a whole experience, valid and runnable as it stands."""
