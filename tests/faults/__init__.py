"""What goes wrong around the workers: processes, broker, disk. Counts must be exact all the same."""
