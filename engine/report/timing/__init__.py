"""When the executions of a run went on, and why not earlier."""
