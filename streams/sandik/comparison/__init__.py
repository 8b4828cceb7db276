"""Compare counts (`sandik compare`, `sandik sources`, `sandik rollup`). For users: docs/validity.md.

by_source   posts -> counts by source, in the cells of the counts
command     sandik compare
sources     sandik sources
"""
