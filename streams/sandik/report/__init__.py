"""Counts of a period -> one HTML file: what `sandik report` runs. For users: docs/report.md.

period     which time, in steps of which length
figures    cells -> languages, steps and coverage, by the dashboard's own rules
bursts     steps -> which of them stand out
evidence   mentions -> terms of each language; terms and posts of each burst
counted    a file or a topic of counts -> cells and versions; origin -> how they came about
mentions   a topic, an export, or the posts of a replay counted once more -> mentions
gather     all of that, from where the pictures   its charts as PNG files
command line says it is
report     all that is said, as data: what `--json` prints
page       that -> HTML, with charts, highlights (bursts), footing (coverage, method) and wording
pictures   its charts as PNG files
command    the pictures   its charts as PNG files
command itself
"""
