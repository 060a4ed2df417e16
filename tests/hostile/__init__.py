"""What comes from strangers: logs, experiences, files and answers that were made to do harm."""
