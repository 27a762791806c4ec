"""Drivers of real devices, each behind a port of `media.ports` or `phone.ports`."""
