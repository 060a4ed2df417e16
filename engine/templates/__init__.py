"""The templates of `oe init`: each folder is a complete experience, valid and runnable as is."""
