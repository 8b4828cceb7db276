"""The command `sandik`: a thin module for each command. What a command does is in the other packages."""
