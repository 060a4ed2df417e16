"""The state as executions see and write it."""
