"""Sources of posts -> the topic `posts`: what `sandik ingest SOURCE...` runs. For users: docs/ingest.md.

items       what a reader yields: a Post, Rejected or Skipped; nothing is dropped without one of them
formats/    wire format -> items, one file a format, all pure
frames      bytes -> lines, JSON objects, events of a stream
shape       liberal access to decoded JSON
text        the repairs all readers share, and the limits of what they make
markup      HTML -> text
times       whatever sources write for an instant -> ms UTC
unpack      gzip, zstd, bzip2, xz, zip
detect      which format is this?
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

A new format is a file in `formats`, named in its READERS and in `detect`; a new live source one in `live`.
"""
