"""A desk phone and door intercom for the Raspberry Pi.

`appliance.calls` is the public call API; `appliance/README.md` is the map of the rest.
"""

__version__ = "0.1.0"
