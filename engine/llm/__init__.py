"""Talking to language models: the protocol that node kinds use, a client for each provider, retries and prices."""
