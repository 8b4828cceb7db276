"""The commands as a user runs them: processes, pipes, exit codes."""
