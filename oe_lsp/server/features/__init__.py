"""One file for each request or family of requests."""
