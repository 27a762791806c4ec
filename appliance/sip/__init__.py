"""A SIP user agent over WebSocket (RFC 3261, RFC 7118): sans-IO core, one transport, one driver of both.

`core.py` is the door: bytes and commands in, bytes and `events.py` out. It knows no media: a session description is
a body of bytes here.
"""
