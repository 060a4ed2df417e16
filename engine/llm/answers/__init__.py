"""What a server answered, read without trust."""
