"""A client for each provider, over its SDK."""
