"""JSON Schema: the definitions of experience.schema.json, the schemas that users write, and values against both."""
