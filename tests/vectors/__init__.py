"""Behaviour of the public engine as vectors, with the value that docs/format.md decides where the two differ.

Expressions, references and placeholders (A.1 to A.3) are in tests/unit/expressions.
"""
