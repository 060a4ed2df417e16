"""The connection to the client: streams and sockets, the protocol, conversions from and to its types."""
