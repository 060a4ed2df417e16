"""The node kinds: how a node of each kind is executed."""
