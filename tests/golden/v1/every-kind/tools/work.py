from lib.rates import RATE


def score(input):
    return {"edge_output": RATE}
