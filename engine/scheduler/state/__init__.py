"""What each execution sees of the state, and what it may write."""
