"""Two results side by side: what `sandik diff` runs.

results   a file of counts, in any format, or the topic `counts` -> its cells
moved     two sets of cells -> those that differ
examples  the posts behind a difference: both rules asked about the same posts
command   the command itself
"""
