"""The worker processes that run Python and JavaScript tools."""
