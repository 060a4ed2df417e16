"""Where the rows of a dataset come from: one module per type of source. The node kind itself is dataset.py's."""
