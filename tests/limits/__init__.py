"""The 26 limits that people met in the public engine, each with a test that shows it gone: `test_limit_<number>_…`."""
