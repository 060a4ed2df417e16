"""A shopping basket."""


def total(prices: list[float], discount: float = 0) -> float:
    return sum(prices) * (100 - discount)


def cheapest(prices: list[float]) -> float:
    return min(prices)
