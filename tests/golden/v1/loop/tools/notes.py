from pathlib import Path


def note(text):
    with Path("executed.txt").open("a") as file:
        file.write(text + "\n")


def ready():
    return Path("ready").exists()
