"""Mistakes that are YAML's: legal text that says something other than its author meant."""
