"""The journeys of ./medspa journeys: who does what in the demo clinic, to the end.

Persons use screens and mail only. Nothing here calls a method of the server; only the
clock of the clinic may be put forward.
"""
