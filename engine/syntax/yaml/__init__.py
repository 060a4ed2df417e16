"""Reads a block of YAML text into a green tree."""
