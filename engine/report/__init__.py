"""Pictures of experiences and runs: graphs, tables, pages, problems. Values in, text out; reads and prints nothing."""
