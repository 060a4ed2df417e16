"""The laws of resuming, for experiences in real folders with real logs. Nodes run in this process."""
