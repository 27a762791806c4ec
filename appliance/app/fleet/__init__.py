"""Many units in one process: to try a broker, a dashboard, and oneself as the manager of a fleet.

places.py     who they are and where
network.py    what the sites' networks do to calls, and when their registrar is away         pure
calls.py      the life of a call, second by second
telephone.py  the life of a unit: calls, registration, health, faults
unit.py       a unit on its broker: the real bridge, outbox and connection                  [I/O]
run.py        all of them on one loop, and how far behind it is                             [I/O]
broker.py     the broker of `deploy/broker`, on this machine                                [I/O]
"""
