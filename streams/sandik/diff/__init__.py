"""Compare two results: what `sandik diff` runs.

compare  two sets of cells -> those that differ
command  the command itself

The results are read by `replay.read_results`, the posts behind a difference by `replay.posts_again`.
"""
