"""Tools for a lexicon: generate its forms, check it, explain a text. Workers do not import them."""
