"""The two Faust agents: read a batch, call the job, write, wait, acknowledge."""
