"""The HTTP client, and the proxies, certificates and addresses of the environment that it uses."""
