"""Files that are written whole, or by nobody else.

atomic     a file appears when it is complete, or not at all
own        who may write to a file, and files that are opened without following links
cache_dir  where files are kept that can be fetched or made again
"""
