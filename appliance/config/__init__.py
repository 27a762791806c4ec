"""The configuration: a TOML file becomes frozen dataclasses, or a list of everything that is wrong with it."""
