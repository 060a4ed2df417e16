"""The engine: checks, runs and resumes experiences. Knows nothing of editors (docs/architecture.md)."""

__version__ = "0.1.0"
