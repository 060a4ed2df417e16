"""A run as one offline HTML page."""
