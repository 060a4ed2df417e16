"""What an experience means and how it runs. Knows nothing of editors (docs/architecture.md)."""

__version__ = "0.1.0"
