"""The clients of providers, through their SDKs."""
