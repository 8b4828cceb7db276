"""The command `sandik`.

main, analyst, operator, dead_letters  declare commands and options; import nothing heavy: `--help` is quick
options                                options that several commands share
`command.py` of another package        runs the commands of that package
annotate, config, counts, partitions,  run the commands without a package of their own
runs, schemas
"""
