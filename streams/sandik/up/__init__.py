"""`sandik up`: from a source to a page in one command, on this machine.

request        the sources and options of the command line; pure, except for looking up files
data_dir       the data directory: what runs in it, what was read before, where logs go
commands       which processes there are, as data
restart        what to do when a process ends; pure
process        one process: its log, the end of its log, its end
processes      starts them, waits until they serve, restarts them, stops them in order
supervisor     the `up` that owns its data directory; joining: a second one with the same directory
source         `sandik ingest` as one of the processes
worker_status  what worker and page report over HTTP
status_line    one line for all processes; pure, except for the terminal
command        `run_up`

docs/decisions/027-up-is-a-supervisor-of-commands.md says why.
"""
