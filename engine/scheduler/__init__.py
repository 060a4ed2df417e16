"""The pure scheduler: what is known and what happens next.
No clock, no disk, no network (docs/design.md, The house).
"""
