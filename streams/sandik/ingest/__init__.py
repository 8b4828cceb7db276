"""Sources of posts -> the topic `posts`: what `sandik ingest SOURCE...` runs. For users: docs/ingest.md.

items       what a reader yields: a Post, Rejected or Skipped; nothing is dropped without one of them
formats/    wire format -> items, all pure: a file of data each, and code where that does not suffice
frames      bytes -> lines, JSON objects, events of a stream; objects: the same of an array in one line
json_walk   a JSON document of any size, value by value
shape       liberal access to decoded JSON
text        the repairs all readers share, and the limits of what they make
markup      HTML -> text
times       whatever sources write for an instant -> ms UTC
unpack      gzip, zstd, bzip2, xz, UTF-16; archives: zip and tar; zip_stream: zip from front to back
odd_times   what a value that is no time looks like
bounds      no post is from before 2000 or from tomorrow
markdown    Reddit's Markdown -> text
shown       what may reach a terminal; terminal: standard error
samples     the beginning of a source: its first objects, or what may be a table's header
detect      which format is this?
format_choice  the same, as the command says it or the source shows it
links       links in a text, made whole
tables      separators, possible headers
sources     files, patterns and stdin: opened, unpacked, read
reading     sources -> items in the order in which they are written, with an account of each file
order       the sort by event time; spool: its pieces on disk, and their merge
apart       posts whose clocks are wrong
period      --from and --to
lateness    how many posts the workers will count late; standing: from where on
accounts    what became of each file
live/       sources over the network: reconnect, cursor, duplicates
read_ahead  reads on a thread, so that a slow pipe does not hold up what is being sent
choose      --filter
authors     pseudonyms
pace        --pace
partition   keys -> partitions, a batch at once
produce     items -> Kafka, every delivery awaited
preview     --dry-run and --check
progress    the bar on a terminal
told        the table and the notes at the end
command     the command itself: errors, summary, exit code

A new format is a file `formats/NAME.toml`, and where that does not suffice code that it names (`reader`) in
the READERS; a new live source is a file in `live`.
"""
