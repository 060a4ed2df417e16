"""Programs that stand in for what a test cannot have: servers of other companies."""
