"""What a fleet manager sees of a unit: topics, payloads, and the bridge from events to a broker.

Under `intercom/v1/<site>/<device>/`:

=====================  =======  ===  ==================================================================================
topic                  retain   QoS  payload, beside `schema`, `time` and `boot_id`
=====================  =======  ===  ==================================================================================
`status`               yes      1    `state` online (birth) or offline; `reason` lost (the will) or shutdown
`info`                 yes      1    `software`, `model`, `serial`, `hardware`, `capabilities`
`state/registration`   yes      1    `state` unregistered, connecting, registered, refused or disconnected; `aor`, …
`state/call`           yes      1    `state` idle, ringing, calling, alerting or in_call; `calls`, `held`, `muted`,
                                     `reconnecting`, `since`, `call`
`state/last_call`      yes      1    the record of a call that is over: `result`, times, `cause`, `call`, `quality`
`state/dropped`        yes      1    what the broker never got since the start: `events`, `metrics`, `oversized`,
                                     `refused`
`event/<name>`         no       1    `id`, `seq`, `event` and the fields of that event of the call API, mostly `call`
`quality/<call>`       no       0    `kind` interval, `call_uuid` and the fields of a quality sample, each second
`quality/<call>`       no       1    `kind` summary, `id`, `seq`, `duration` (s), `cause` and the summary's fields
=====================  =======  ===  ==================================================================================

Fields have the names and units of the call API's dataclasses. An event may come twice (QoS 1): it has the same `id`
then. `seq` counts events and summaries from 1 at each start of the service (`boot_id`): a gap is a loss. After a
connection was lost, states come first, then what waited, in its order. A unit is online only if `status` says so.

    topics.py  payloads.py  call_states.py ──► bridge.py ──► outbox.py             pure
                                                  settings.py     │
                             broker.py ── mailbox.py ◄────────────┘                [I/O]
                                 └── connection.py ── paho                         [I/O]
"""
