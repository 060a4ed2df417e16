"""The input hash: fingerprints of files, and the parts that the hash is made of."""
