"""The node kinds: what each of them does when a node of it runs."""
