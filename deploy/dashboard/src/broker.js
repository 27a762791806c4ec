// The connection to the broker: MQTT 5 over WebSocket. It comes back by itself, unless the account is refused.

import mqtt from "mqtt";

import { SUBSCRIPTIONS, probe } from "./topics.js";

const NOT_AUTHORIZED = [134, 135]; // bad user name or password, not authorized (MQTT 5 §3.2.2.2)
const LONGEST_PAUSE = 10_000; // ms

/** What somebody may do, by what the broker lets them publish to a unit that is not there. */
const ROLES = [
  ["doorkeeper", "door_open"],
  ["operator", "reboot"],
];

export class Broker {
  /** "connecting", "online", "offline" or "refused". */
  state = "connecting";
  since = Date.now();
  role = "dashboard";
  connects = 0;
  #client;

  /** `heard(topic, octets, retained)` gets every message, `changed()` hears when `state` or `role` are others. */
  constructor(url, account, { heard, changed }) {
    this.account = account;
    this.changed = changed;
    this.#client = mqtt.connect(url, {
      protocolVersion: 5,
      clientId: `dashboard-${Math.random().toString(36).slice(2, 12)}`,
      username: account.user,
      password: account.password,
      reconnectPeriod: 1000,
      connectTimeout: 10_000,
      keepalive: 30,
      resubscribe: false,
      queueQoSZero: false,
    });
    this.#client.on("connect", () => this.#begin());
    this.#client.on("close", () => this.#lost());
    this.#client.on("error", (error) => this.#fail(error));
    this.#client.on("message", (topic, octets, packet) => heard(topic, octets, packet.retain));
  }

  end() {
    this.changed = () => undefined;
    this.#client.end(true);
  }

  /** Publish a command; resolves when the broker has it, rejects with a sentence when it does not want it. */
  publish(topic, payload) {
    if (this.state !== "online") return Promise.reject(new Error("there is no connection to the broker"));
    return new Promise((resolve, reject) => {
      this.#client.publish(topic, JSON.stringify(payload), { qos: 1, properties: { messageExpiryInterval: 10 } }, (error) => {
        if (!error) resolve();
        else if (NOT_AUTHORIZED.includes(error.code)) reject(new Error("this account may not do that"));
        else reject(new Error(`the broker did not take it: ${error.message}`));
      });
    });
  }

  async #begin() {
    this.connects += 1;
    this.#become("online");
    this.#client.options.reconnectPeriod = 1000;
    this.#client.subscribe(SUBSCRIPTIONS);
    this.role = await this.#findRole();
    this.changed();
  }

  async #findRole() {
    for (const [role, name] of ROLES) {
      try {
        await this.publish(probe(name), {});
        return role;
      } catch {
        // Not this one.
      }
    }
    return "dashboard";
  }

  #lost() {
    if (this.state === "refused") return;
    // Everybody's page lost the broker in the same moment.
    const pause = this.#client.options;
    pause.reconnectPeriod = Math.min(LONGEST_PAUSE, pause.reconnectPeriod * (1.2 + 0.6 * Math.random()));
    this.#become("offline");
  }

  #fail(error) {
    if (NOT_AUTHORIZED.includes(error.code)) {
      this.#become("refused");
      this.#client.end(true);
    }
  }

  #become(state) {
    if (state !== this.state) {
      this.state = state;
      this.since = Date.now();
    }
    this.changed();
  }
}
