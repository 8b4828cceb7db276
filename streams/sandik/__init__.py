"""sandik's workers: how much a stream of posts speaks of an election, of deepfakes, and of both.

The flow, in order (worker/topology.py is the map, counting/job.py the whole job in one function):

posts -> decode -> language -> tags -> windows -> partials -> merge -> counts
         (posts.dlq)       (mentions)  (posts.late)
"""

__version__ = "0.1.0"
