// The topics of the fleet: intercom/v1/<site>/<unit>/<kind>/<name>. `appliance/mqtt` says what each of them holds.

export const BASE = "intercom/v1";

/**
 * What a wall listens to. Commands, the configurations that are wanted and logs are other people's business. All with
 * QoS 0: what is retained comes again with every connection, what is missing between shows in the numbers of events, and
 * 20 messages that wait for their acknowledgement would make the first look at a thousand units slow.
 */
export const SUBSCRIPTIONS = Object.fromEntries(
  ["status", "info", "state/+", "event/+", "quality/+", "resp/+", "cfg/reported"].map((tail) => [`${BASE}/+/+/${tail}`, { qos: 0 }]),
);

/** The parts of a topic, or null if it is none of ours. */
export function parsed(topic) {
  const [, version, site, device, kind, name = ""] = topic.split("/");
  return version === "v1" && kind !== undefined ? { site, device, kind, name } : null;
}

export const command = (site, device, name) => `${BASE}/${site}/${device}/cmd/${name}`;

/** A unit that can't be: whoever may command it has the role. */
export const probe = (name) => command("-", "-", name);
