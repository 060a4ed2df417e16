from notes import note, ready


def clean(input):
    note(f"clean:{input['$item']}")
    return {"edge_output": input["$item"] * 2}


def store(input):
    note(f"store:{input['$item']}")
    assert input["$item"] != 2 or ready(), "not ready"
    return {"state_delta": {"found": [input["_edge_inputs"]["clean"]]}}
