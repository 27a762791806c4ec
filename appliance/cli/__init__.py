"""The `intercom` command: one file a subcommand."""
