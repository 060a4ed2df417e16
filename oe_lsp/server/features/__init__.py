"""What the server answers: a file for each request or family of requests, and a line for each in `registry`."""
