"""The laws of resuming, for experiences in real folders with real logs; only the nodes run in this process."""
