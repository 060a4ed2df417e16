"""What commands print: tables, progress, JSON lines."""
