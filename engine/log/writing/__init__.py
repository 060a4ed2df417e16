"""What a run appends while it goes on."""
