"""The developer tool behind ./medspa: sets up, serves, tests and measures.

Only the standard library is used, so that it runs before anything is installed.
"""
