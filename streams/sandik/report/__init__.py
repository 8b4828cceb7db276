"""Counts of a period -> one HTML file (`sandik report`). For users: docs/report.md.

period       the period and the length of its steps
read_counts  a topic of counts -> cells and versions; run_origin: how they were made
mentions     a topic, an export, or the posts of a replay counted again -> mentions
gather       read all of these
series       cells -> languages, steps and coverage, by the rules of `figures`
bursts       steps -> bursts
evidence     mentions -> terms of each language; terms and posts of each burst
document     the contents as data, as printed by `--json`
page         the contents -> HTML, with charts, highlights (bursts), method and words
pictures     its charts as PNG files
command      the command itself
"""
