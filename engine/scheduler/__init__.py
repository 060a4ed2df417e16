"""The pure scheduler: events in, commands out. No clock, no disk, no network (docs/design.md, The house)."""
