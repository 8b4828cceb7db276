"""Terms in the same posts, rising words, and copies (`sandik words`, `sandik copies`).

cleaning       a text -> its words, without differences between copies
copies         posts -> groups of nearly the same text
together       posts -> terms in the same posts
keyness        two counts of words -> words that one side has more of than by chance
copies_command, words_command   the commands themselves

For users: docs/validity.md.
"""
