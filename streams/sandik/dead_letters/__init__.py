"""The letters in `posts.dlq` and `posts.late`: list, show, redrive. For users: docs/replay.md.

letter   a record of either topic: reason, origin, attempts
         (`kafka/dead_letter_records.py` makes them, with their headers)
reading  reads the letters that were written in a range of time
redrive  writes letters to `posts`, each at most once, even after a crash
command  what the commands do
"""
