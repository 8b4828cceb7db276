"""Event time: tumbling windows, and the hopping windows and sessions that are sums of them. Pure."""
