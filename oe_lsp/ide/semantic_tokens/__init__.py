"""Semantic tokens: highlighting of expressions, references and placeholders."""
