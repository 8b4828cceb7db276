"""Count a range of posts again, beside the live system (`sandik replay`). For users: docs/replay.md.

request       the options of the command
plan          range, rules and offsets of a replay; part of its manifest
offsets       a range of times -> offsets of each partition
local_log     files of posts -> one log per partition
count_slice   one partition's slice -> its windows (the same Job.count as the workers)
checkpoint    the progress of a slice, so that a replay can continue after a crash
processes     divide the slices among processes; progress bar
results       windows of all slices -> counts (the same Merge as the workers), in canonical form
outputs       write counts: to files, or to topics of their own
manifest      what was counted, how, and how to repeat it
finish        write the outputs and the manifest when everything is counted
verify        repeat the replay of a manifest, and compare
read_results  a file of counts, or the topic `counts` -> its cells; posts_again: the posts behind them
command       the command itself
"""
