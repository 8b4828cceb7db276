"""`sandik up`: from a source to a page in one command, on this machine.

request    what the command line says of the source; pure but for the look at its files
home       the data directory: who runs on it, what was read before, where logs go
jobs       which processes there are, as data
restart    what to do when one has ended; pure
child      one process: its log, its last words, its end
crew       starts them, waits until they serve, starts them again, ends them in order
look       what workers and page say of themselves over HTTP
shown      the status line; pure, but for the terminal
command    `run_up`

docs/decisions/027-up-is-a-supervisor-of-commands.md says why.
"""
