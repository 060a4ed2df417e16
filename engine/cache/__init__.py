"""Whether an outcome may be reused: fingerprints of files, the input hash, the original's outcomes, the plan."""
