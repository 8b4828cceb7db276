"""The built-in lexicon, data only: TOML files for each tag, and the forms that `lexicon_tools` makes."""
