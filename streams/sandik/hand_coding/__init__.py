"""How right the tags are, by people who read: what `sandik sample` and `sandik agree` run.

strata      which stratum a post is of: language, source, and what the tags say of it
draw        posts -> as many of each stratum, by a seed; the same whatever their order
design      what was drawn from what: kept apart from the coders
codebook    the lexicon -> what coders are told
sheets      tables that coders fill in, and what they have filled in
agreement   codes of several coders -> kappa and alpha, with intervals
sample, agree   the commands themselves

What is made of it is in `sandik.figures.corrected`. For users: docs/validity.md.
"""
