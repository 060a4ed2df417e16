"""Reads the answers of servers, none of which is trusted."""
