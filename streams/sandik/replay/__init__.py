"""Count a range of posts again, beside the live system: what `sandik replay` runs.

plan        what a replay is to count: range, rules, offsets; also what its manifest says
resolve     a range of times -> offsets of each partition
spool       files of posts -> one log a partition
tally       one partition's slice -> its windows (the same Job.count as the workers)
checkpoint  where a slice stands, so that it can go on after a crash
crew        the processes that share the slices, and the progress bar
results     windows of all slices -> counts (the same Merge as the workers), in canonical form
manifest    what was counted, how, and how to do it again
outputs     where counts go: a file, or a topic of their own
command     the command itself
verify      do what a manifest says again, and compare

For users: docs/replay.md.
"""
