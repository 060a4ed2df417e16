"""One stretch of YAML text to a green tree."""
