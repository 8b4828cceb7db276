"""The command `sandik`.

main, analyst, operator, dead_letters  declare commands and options; import nothing heavy: `--help` is quick
`command.py` of another package        does what the commands of that package are declared for
annotate, config, counts, partitions,  do the same for commands that have no package of their own
runs, schemas
"""
