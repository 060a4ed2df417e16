"""JSON Schema: the definitions of experience.schema.json, users' own schemas, and checks of values against both."""
