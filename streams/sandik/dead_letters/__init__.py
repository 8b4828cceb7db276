"""What is in `posts.dlq` and `posts.late`: list, show, redrive. For users: docs/replay.md.

letter   a record of either topic: reason, origin, attempts
         (`kafka/dead_letter_records.py` makes them, with their headers)
reading  the letters of a topic that were written in a range of time
redrive  letters -> `posts`, each at most once, even after a crash
command  the commands
"""
