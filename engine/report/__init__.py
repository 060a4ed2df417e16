"""Pure renderers of experiences and runs: graphs, HTML pages, diffs, problem formats. No input or output."""
