"""Counts of a period -> one HTML file: what `sandik report` runs. For users: docs/report.md.

period    which time, in steps of which length
figures   cells -> languages, steps, bursts and coverage, by the dashboard's own rules
evidence  mentions -> terms of each language; terms and posts of each burst
counted   a file or a topic of counts -> cells, versions and what became of every record
mentions  a topic, an export, or the posts of a replay counted once more -> mentions
charts    figures -> SVG
report    all that is said, as data: what `--json` prints
page      that -> HTML; sections has its later parts, wording its times, shares and languages
command   the command itself
"""
