"""Health, metrics and logs of a worker, and the commands of who runs it."""
