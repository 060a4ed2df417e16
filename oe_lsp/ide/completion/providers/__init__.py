"""Sources of completion offers, one family each."""
