"""Talking to language models: the protocol that node kinds use, the Anthropic client, retries and prices."""
