"""Drives the core: what a run is. Here the scheduler's commands meet the disk, the clock, processes and the network."""
