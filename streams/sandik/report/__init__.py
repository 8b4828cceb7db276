"""Counts of a period -> one HTML file: what `sandik report` runs. For users: docs/report.md.

period       which time, in steps of which length
read_counts  a file or a topic of counts -> cells and versions; run_origin: how they came about
mentions     a topic, an export, or the posts of a replay counted once more -> mentions
gather       all of that, read from where the command line says it is
series       cells -> languages, steps and coverage, by the rules of `figures`
bursts       steps -> which of them stand out
evidence     mentions -> terms of each language; terms and posts of each burst
document     all that is said, as data: what `--json` prints
page         that -> HTML, with charts, highlights (bursts), method (coverage, method) and wording
pictures     its charts as PNG files
command      the command itself
"""
