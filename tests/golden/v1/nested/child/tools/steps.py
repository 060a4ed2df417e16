from notes import note, ready


def draft(input):
    note(f"draft:{input['topic']}")
    return {"state_delta": {"draft": "about " + input["topic"]}}


def polish(input):
    note(f"polish:{input['_state']['draft']}")
    assert input["_state"]["draft"] != "about y" or ready(), "not ready"
    return {"state_delta": {"text": input["_state"]["draft"].title()}}
