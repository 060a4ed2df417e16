"""One file per engine that is compared. Each is a program: `python FILE SHAPE N FOLDER`; it prints one JSON object."""
