"""Sources of posts -> the topic `posts`: what `sandik ingest SOURCE...` runs. For users: docs/ingest.md.

A source passes through these modules, in this order:

inputs       find, open and unpack files, patterns and stdin
live/        sources over the network: reconnect, cursor, duplicates
decoding/    bytes -> lines, objects, texts, links, times; archives and compressed files
recognise/   find the format
formats/     records of a format -> items, pure: a TOML file each, and code if needed
items        what a reader yields: a Post, Rejected or Skipped; nothing is dropped silently
reading      sources -> items in the order of writing, with statistics of each file (file_stats)
post_times/  sort by event time, bounds, --from and --to, wrong clocks, lateness, --pace
post_filter  --filter; authors: pseudonyms
read_ahead   reads on a thread, so that a slow pipe does not delay delivery
partitioner  keys -> partitions, in batches
produce      items -> Kafka; waits for every delivery
preview      --dry-run and --check
progress     the progress bar; escaped, terminal: safe output on standard error
summary      the table and the notes at the end
command      the command itself: errors, summary, exit code

To add a format, add `formats/NAME.toml`, and if needed code (`reader`) in READERS. To add a live source, add
a module in `live`.
"""
