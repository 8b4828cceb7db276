"""What is said together, and how often the same: what `sandik words` and `sandik copies` run.

cleaning       a text -> its words, without what copies differ by
copies         posts -> groups of nearly the same text
together       posts -> terms that stand in the same posts
keyness        two counts of words -> those that one side has more of than chance explains
copies_command, words_command   the commands themselves

For users: docs/validity.md.
"""
