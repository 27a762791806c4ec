"""What a fleet manager sees of a unit and may ask of it: topics, payloads, and the bridge from events to a broker.

Under `intercom/v1/<site>/<device>/`; `deploy/schema` says every field, made from the types named here:

=====================  ======  ===  ===================================================================================
topic                  retain  QoS  payload, beside `schema`, `time` and `boot_id`
=====================  ======  ===  ===================================================================================
`status`               yes     1    `state` online (birth) or offline; `reason` lost (the will), shutdown, …
`info`                 yes     1    what the unit is (`UnitInfo`)
`state/registration`   yes     1    `state` unregistered, connecting, registered, refused or disconnected; `aor`, …
`state/call`           yes     1    `state` idle, ringing, calling, alerting or in_call; `calls`, `held`, `call`, …
`state/last_call`      yes     1    the record of the last call that is over: `result`, times, `cause`, `quality`
`state/quality_hours`  yes     1    `hours`: the calls of the last 24 hours, an entry for each hour that had some
`state/audio`          yes     1    the sound device, and what is wrong with it
`state/controls`       yes     1    what commands have set: `dnd`, `volume`, `text`, `identify`
`state/health`         yes     1    processor, memory, temperature, throttling, radio, disk, once a minute
`state/self_test`      yes     1    the last self test
`state/dropped`        yes     1    what the broker never got since the start
`event/<name>`         no      1    `id`, `seq`, `event` and the fields of that event: each of the call API's,
                                    `call_record` at the end of each call, `audit` of each command, `twin_seen`
`quality/<call>`       no      0    `kind` interval, `call_uuid` and the fields of a quality sample, each second
`quality/<call>`       no      1    `kind` summary, `id`, `seq`, `duration` (s), `cause` and the summary's fields
`cmd/<name>`           no      1    to the unit: a command (`command_payloads.py`)
`resp/<name>`          no      1    its answers: `status` accepted, running, done, failed or refused, `reason`, …
`cfg/desired`          yes     1    to the unit: the configuration that a manager wants
`cfg/reported`         yes     1    the configuration in use
`log`                  no      0    lines of the log, if the configuration asks for them
=====================  ======  ===  ===================================================================================

Fields have the names and units of the call API's dataclasses. An event may come twice (QoS 1): it has the same `id`
then. `seq` counts events and summaries from 1 at each start of the service (`boot_id`): a gap is a loss. After a
connection was lost, states come first, then what waited, in its order. A unit is online only if `status` says so.
Messages only gain fields, and lists of values only grow, within `v1`: ignore what you don't know.

    document.py ◄── payloads.py ◄── unit_states.py  command_payloads.py  call_states.py  …  ◄── catalogue.py
                                                             schema.py  asyncapi.py  additive.py ──┘
    topics.py  catalogue.py ──► bridge.py ──► outbox.py ── event_queue.py          pure
                                settings.py     │
           broker.py ── mailbox.py ◄────────────┴──► outbox_store.py ── sqlite     [I/O]
             │   └── broker_thread.py ── connection.py ── paho                     [I/O]
             └─► command_desk.py ◄── commands.py  limits.py                        what is asked of the unit
    twins.py  pace.py  quality_hours.py  discovery.py                              pure
"""
