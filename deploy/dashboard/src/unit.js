// One unit as its retained values and its events say: pure, nothing is drawn here.

import { problemsOf } from "./problems.js";

const EVENTS = 200; // that are remembered
const READINGS = 300; // of the call's quality: five minutes
const IDLE = { state: "idle", calls: 0, held: false, muted: false, reconnecting: false, since: null, call: null };

export class Unit {
  status = null;
  info = {};
  registration = null;
  call = IDLE;
  last_call = null;
  hours = [];
  audio = null;
  controls = null;
  health = null;
  self_test = null;
  dropped = null;
  reported = null;
  twin = null;
  /** Warnings of the last call that warned, which have not been cleared. */
  warnings = new Map();
  /** The newest last. */
  events = [];
  readings = [];
  /** Events that should have come and did not, by the gaps in their numbers. */
  missed = 0;
  /** What was heard of it since the connection began. */
  heard = true;
  #numbers = { boot: "", last: 0 };
  #problems = null;

  constructor(site, device) {
    this.site = site;
    this.device = device;
    this.key = `${site}/${device}`;
  }

  get label() {
    return this.info.label || this.device;
  }

  get online() {
    return this.status?.state === "online";
  }

  /** Its MOS now, null without a call or a measurement. */
  get mos() {
    return this.inCall && this.readings.length ? this.readings[this.readings.length - 1].mos : null;
  }

  get inCall() {
    return this.online && this.call.state === "in_call";
  }

  /** One word for its lamp. */
  get lamp() {
    if (!this.online) return this.status?.reason === "shutdown" ? "off" : "lost";
    if (this.call.state !== "idle") return this.call.state === "in_call" ? "in_call" : "ringing";
    return this.problems.some((problem) => problem.severity > 0) ? "problem" : "idle";
  }

  /** What is wrong with it, the worst first. */
  get problems() {
    this.#problems ??= problemsOf(this);
    return this.#problems;
  }

  get severity() {
    return this.problems[0]?.severity ?? -1;
  }

  /** Take a message in. `name` is the last level of its topic. */
  apply(kind, name, payload, retained) {
    this.#problems = null;
    this.heard = true;
    switch (kind) {
      case "status":
        this.#applyStatus(payload);
        break;
      case "info":
        this.info = payload;
        break;
      case "state":
        this.#applyState(name, payload);
        break;
      case "event":
        if (!retained) this.#applyEvent(name, payload);
        break;
      case "quality":
        this.#applyQuality(payload);
        break;
      case "cfg":
        this.reported = payload;
        break;
    }
  }

  #applyStatus(status) {
    this.status = status;
    if (status.state !== "online") {
      // The broker tells what a unit that is gone was doing last; it is not doing it any more.
      this.call = IDLE;
      this.warnings.clear();
      this.readings = [];
    }
  }

  #applyState(name, payload) {
    if (name === "quality_hours") {
      this.hours = payload.hours ?? [];
    } else if (name === "call") {
      if (payload.call?.call_uuid !== this.call.call?.call_uuid) this.readings = [];
      this.call = payload;
    } else if (["registration", "last_call", "audio", "controls", "health", "self_test", "dropped"].includes(name)) {
      this[name] = payload;
    }
  }

  #applyEvent(name, payload) {
    this.#count(payload);
    this.events.push({ name, ...payload });
    if (this.events.length > EVENTS) this.events.shift();
    if (name === "media_metrics") {
      this.#warn(payload);
    } else if (name === "twin_seen") {
      this.twin = payload;
    }
  }

  #applyQuality(payload) {
    if (payload.kind === "summary") {
      this.#count(payload);
      return;
    }
    this.readings.push(payload);
    if (this.readings.length > READINGS) this.readings.shift();
  }

  #count({ boot_id, seq }) {
    const before = this.#numbers;
    if (before.boot === boot_id && seq > before.last + 1) this.missed += seq - before.last - 1;
    this.#numbers = { boot: boot_id, last: before.boot === boot_id ? Math.max(seq, before.last) : seq };
  }

  #warn(metric) {
    const { call_uuid } = metric.call ?? {};
    // Events that waited come after the state that followed them: a warning counts for its own call only.
    for (const [name, other] of this.warnings) if (other.call?.call_uuid !== call_uuid) this.warnings.delete(name);
    const name = `${metric.type} ${metric.stream}`;
    if (metric.active) this.warnings.set(name, metric);
    else this.warnings.delete(name);
  }

  /** Whether the time alone may have changed what is wrong with it. */
  reconsider() {
    this.#problems = null;
  }
}
