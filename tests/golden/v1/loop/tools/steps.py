from notes import note, ready


def grow(input):
    note(f"grow:{input['$iter']}")
    assert input["$iter"] < 2 or ready(), "not ready"
    return {"state_delta": {"text": input["_state"]["text"] + "b"}}
