"""The worker: the Faust app, its topology, the two agents, and the engine beneath them."""
