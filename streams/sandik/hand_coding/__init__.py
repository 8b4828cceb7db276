"""The accuracy of the tags, judged by people (`sandik sample`, `sandik agree`).

strata      the stratum of a post: language, source, kind of tags
draw        posts -> a sample per stratum, by a seed, independent of their order
design      how the sample was drawn; not shown to coders
codebook    the lexicon -> instructions for coders
sheets      write and read the tables of coders
agreement   codes of several coders -> kappa and alpha, with intervals
sample, agree   the commands themselves

The corrected shares are computed in `sandik.figures.corrected`. For users: docs/validity.md.
"""
