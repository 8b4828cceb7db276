"""`sandik up`: from a source to a page in one command, on this machine.

request        the sources and options of the command line; pure, except for looking up files
data_dir       the data directory: running processes, files read before, logs
children       the processes, as data
restart        decides what to do when a process ends; pure
process        one process: start, log, end
processes      start, wait for, restart and stop processes in order
supervisor     the `up` that owns its data directory; joining: a second one with the same directory
ingest         `sandik ingest` as one of the processes
worker_status  the status of worker and page over HTTP
status_line    one line for all processes; pure, except for the terminal
command        `run_up`

docs/decisions/027-up-is-a-supervisor-of-commands.md says why.
"""
