"""The letters in `posts.dlq` and `posts.late`: list, show, redrive. For users: docs/replay.md.

`kafka/dead_letter.py` writes and reads a single letter, with its headers.

reading  reads the letters that were written in a range of time
redrive  writes letters to `posts`, each at most once, even after a crash
command  what the commands do
"""
