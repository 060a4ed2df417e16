from notes import note, ready


def each(input):
    n = input["$item"]["n"]
    note(f"each:{n}")
    assert n != 3 or ready(), "not ready"
    return {"state_delta": {"found": [n * 10]}}


def total(input):
    note("total")
    return {"state_delta": {"sum": sum(input["_state"]["found"])}}
