"""What a resume would do, and why."""
