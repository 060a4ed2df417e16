"""Readers of datasets, one module per type of source. The node kind itself is in dataset.py."""
