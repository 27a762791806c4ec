"""Home Assistant's own validators, run on what units announce: `make ha-check`."""
