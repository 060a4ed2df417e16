"""The commands of `oe`, one file each."""
