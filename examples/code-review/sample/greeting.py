"""Greets people by name."""


def greet(name: str) -> str:
    return f"Hello, {name.strip() or 'stranger'}!"
