"""The state that outlives runs: state.sqlite, a projection of the run logs (docs/design.md, State)."""
