"""How requests leave this machine: what the environment says of proxies, certificates and addresses, and the HTTP
client that goes by it.
"""
