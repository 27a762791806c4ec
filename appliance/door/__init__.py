"""The door: who may open it and when, and what holds the strike.

```
DTMF of the called party ─┐
PIN on the keypad ────────┤► codes, schedule, attempts ─► policy ─► door ─► strike ══ pipe ══► relay_guard ─► relay
a command over MQTT ──────┘                                 │ pure                             a process of its own
                                                            └──► audit
```

Nothing opens until somebody has configured it: there is no code that comes with the product.
"""
