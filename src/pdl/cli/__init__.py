"""The command ``pdl``: one file a group of commands."""
