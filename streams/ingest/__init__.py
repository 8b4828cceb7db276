"""Sources of posts -> the topic `posts`. What `sandik ingest FILE...|-` runs.

items       what a reader yields: a Post, an Unreadable or a Skipped; nothing is dropped without one of them
jsonl       post v1, one JSON object per line
telegram    Telegram Desktop's result.json, and flat lists of channel posts
ira_tsv     the tab-separated extract of the Internet Research Agency tweets
text        the repairs all readers share: broken JSON escapes, NFC
sources     files and stdin: which format, opened, read in which order
read_ahead  reads on a thread, so that a slow pipe does not hold up what is being sent
produce     items -> Kafka, every delivery awaited
progress    the bar on a terminal
command     the command itself: errors, summary, exit code

A reader is pure: it takes lines or bytes and yields items. A new source is one such file, named in `sources`.
"""
