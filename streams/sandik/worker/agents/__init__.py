"""The thin shell: read a batch, call the flow, write, wait, acknowledge."""
