"""From the microphone's samples to SRTP packets and back.

`engine.py` owns the network thread and the mixer, `session.py` one call's media. Everything else is pure.
"""
