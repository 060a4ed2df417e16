"""The language server of experience.yaml. What an experience means is the engine's; how editors see it is here."""
