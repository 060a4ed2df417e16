"""What the server keeps for its client from `initialized` to `shutdown`."""
