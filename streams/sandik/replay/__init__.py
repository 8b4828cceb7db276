"""Count a range of posts again, beside the live system: what `sandik replay` runs. For users: docs/replay.md.

request       what the command line asks for
plan          what a replay is to count: range, rules, offsets; also what its manifest says
offsets       a range of times -> offsets of each partition
local_log     files of posts -> one log a partition
count_slice   one partition's slice -> its windows (the same Job.count as the workers)
checkpoint    how far a slice is, so that a replay can continue after a crash
processes     the processes that share the slices, and the progress bar
results       windows of all slices -> counts (the same Merge as the workers), in canonical form
outputs       where counts go: a file, or a topic of their own
manifest      what was counted, how, and how to do it again
finish        counts, side outputs and manifest, written when all is counted
verify        do what a manifest says again, and compare
read_results  a file of counts, or the topic `counts` -> its cells; posts_again: the posts behind them
command       the command itself
"""
