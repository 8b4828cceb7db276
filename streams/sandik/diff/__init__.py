"""Compare two results (`sandik diff`).

compare    two sets of cells -> those that differ
one_sided  posts that only one side tags: counted, drawn, judged by codes
sample     the folder of such a sample
command    the command itself

Results are read by `replay.read_results`, the posts behind a difference by `replay.compared_posts`.
"""
