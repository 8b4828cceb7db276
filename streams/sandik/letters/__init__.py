"""What is in `posts.dlq` and `posts.late`: list it, look at it, put it back. For users: docs/replay.md.

letter   a record of either topic: reason, origin, attempts
reading  the letters of a topic that were written in a range of time
redrive  letters -> `posts`, each at most once, whatever happens in between
command  the commands
"""
