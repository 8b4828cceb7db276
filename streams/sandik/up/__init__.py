"""`sandik up`: from a source to a page in one command, on this machine.

request        what the command line says of the source; pure but for the look at its files
data_dir       the data directory: who runs on it, what was read before, where logs go
commands       which processes there are, as data
restart        what to do when one has ended; pure
process        one process: its log, its last words, its end
processes      starts them, waits until they serve, starts them again, ends them in order
supervisor     the `up` that owns its data directory; joining: a second one with the same directory
source         `sandik ingest` as one of the processes
worker_status  what worker and page say of themselves over HTTP
status_line    one line for all processes; pure, but for the terminal
command        `run_up`

docs/decisions/027-up-is-a-supervisor-of-commands.md says why.
"""
