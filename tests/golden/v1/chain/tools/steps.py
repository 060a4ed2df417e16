from notes import note, ready


def first(input):
    note("first")
    return {"state_delta": {"city": input["city"], "words": [input["city"], 1, 2.5, None, True]}, "edge_output": {"a": "ü"}}


def large(input):
    note("large")
    return {"state_delta": {"large": "0123456789" * 8000}}


def second(input):
    note("second")
    return {"state_delta": {"words": [{"from": input["_edge_inputs"]["first"]["a"]}]}}


def third(input):
    note("third")
    assert ready(), "not ready"
    return {"state_delta": {"length": len(input["_state"]["words"]) + len(input["_state"]["large"])}}
