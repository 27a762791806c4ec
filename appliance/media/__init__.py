"""From the microphone's samples to SRTP packets and back.

`engine.py` owns the network thread, the mixer and the audio device; `session.py` is one call's media: offers, answers
and the path they build. `rtp_session.py` is what travels on that path, `stream.py` its sound between the network's loop
and the audio threads. I/O happens in `engine`, `engine_loop`, `session`, `transport` (ICE, DTLS-SRTP), `stun_address`,
`audio_keeper` (the device, opened while needed) and `ticker` (a clock without a sound card). Everything else is pure.
"""
