"""`sandik dashboard`: a page, and an API for other programs, that show `counts` as they grow.

follow reads a topic -> cells keep the newest record of each -> rows roll them up -> web serves them, and
stream says what has changed since. Reads without a consumer group, so there may be any number of dashboards.
"""
