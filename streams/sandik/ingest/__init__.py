"""Sources of posts -> the topic `posts`: what `sandik ingest SOURCE...` runs. For users: docs/ingest.md.

A source passes through these, in this order:

inputs       files, patterns and stdin: found, opened, unpacked
live/        sources over the network: reconnect, cursor, duplicates
decoding/    bytes -> lines, objects, texts, links, times; archives and compressed files
recognise/   which format is it?
formats/     records of a format -> items, all pure: a file of data each, and code where data does not suffice
items        what a reader yields: a Post, Rejected or Skipped; nothing is dropped without one of them
reading      sources -> items in the order of writing, with an account of each file (file_stats)
post_times/  sorting by event time, bounds, --from and --to, wrong clocks, lateness, --pace
post_filter  --filter; authors: pseudonyms
read_ahead   reads on a thread, so that a slow pipe does not delay delivery
partitioner  keys -> partitions, a batch at once
produce      items -> Kafka, every delivery awaited
preview      --dry-run and --check
progress     the bar on a terminal; escaped: what may reach a terminal; terminal: standard error
summary      the table and the notes at the end
command      the command itself: errors, summary, exit code

A new format is a file `formats/NAME.toml`, and where that does not suffice code that it names (`reader`) in
READERS; a new live source is a file in `live`.
"""
