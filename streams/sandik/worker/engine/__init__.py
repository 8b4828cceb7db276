"""Where Faust's defaults are overruled: batches, state, positions. docs/decisions says why, one by one."""
