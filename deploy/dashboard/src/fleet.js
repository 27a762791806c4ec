// All units, and what they amount to: pure. Whoever draws asks; nothing is pushed.

import { Distribution } from "./quality.js";
import { parsed } from "./topics.js";
import { Unit } from "./unit.js";
import { natural } from "./words.js";

const MINUTE = 60_000;
const MINUTES = 60; // that are remembered
const DOORS = 50;
const LATENCIES = 2000;
const GONE = ["moved", "decommissioned"];

export class Fleet {
  /** By site/unit, in the order of their names. */
  units = new Map();
  /** Answers to commands, for whoever waits for them. */
  answers = [];
  /** Doors that were opened, or were not: the newest last. */
  doors = [];
  /** How long messages took from the unit until they were drawn, in ms; clocks that differ are in it. */
  latencies = [];
  messages = 0;
  malformed = 0;
  #undrawn = [];
  #minutes = new Map();
  #sites = null;

  /** Take a message in; whether it was one of ours. */
  receive(topic, octets, retained, now) {
    const place = parsed(topic);
    if (!place) return false;
    this.messages += 1;
    if (octets.length === 0) {
      this.#clear(place);
      return true;
    }
    const payload = this.#read(octets);
    if (payload === null) return false;
    if (place.kind === "resp") {
      this.answers.push({ ...place, ...payload });
      return true;
    }
    this.#apply(place, payload, retained, now);
    return true;
  }

  get sites() {
    this.#sites ??= this.#groups();
    return this.#sites;
  }

  /** The minutes of which there is a measurement, the oldest first: [start in ms, Distribution]. */
  minutes(site = "") {
    return [...(this.#minutes.get(site) ?? [])];
  }

  /** The last 24 hours of these units, the oldest first: { hour, mos, low, answered, failed }; 1 unit in 10 is below `low`. */
  hours(units) {
    const rows = new Map();
    for (const unit of units) {
      for (const hour of unit.hours) {
        let row = rows.get(hour.hour);
        if (!row) rows.set(hour.hour, (row = { sum: 0, talked: 0, answered: 0, failed: 0, means: new Distribution() }));
        row.answered += hour.answered;
        row.failed += hour.failed;
        if (hour.mean_mos === null) continue;
        row.sum += hour.mean_mos * hour.talked;
        row.talked += hour.talked;
        row.means.add(hour.mean_mos);
      }
    }
    return [...rows]
      .map(([hour, { sum, talked, answered, failed, means }]) => {
        return { hour, mos: talked ? sum / talked : null, low: means.percentile(0.1), answered, failed };
      })
      .sort((one, other) => (one.hour < other.hour ? -1 : 1));
  }

  /** How many units are how, now. */
  totals() {
    const totals = { units: this.units.size, online: 0, calls: 0, ringing: 0, problems: 0, lost: 0, mos: new Distribution() };
    const troubled = new Set();
    for (const unit of this.units.values()) {
      const { lamp } = unit;
      if (unit.online) totals.online += 1;
      if (lamp === "lost") totals.lost += 1;
      else if (lamp === "in_call") totals.calls += 1;
      else if (lamp === "ringing") totals.ringing += 1;
      if (unit.severity > 0) {
        totals.problems += 1;
        troubled.add(unit.site);
      }
      if (unit.mos !== null) totals.mos.add(unit.mos);
    }
    return { ...totals, troubled: troubled.size };
  }

  /** A connection began: what is still there will say so. */
  expectAll() {
    for (const unit of this.units.values()) unit.heard = false;
  }

  /** What time alone changes. */
  reconsider() {
    for (const unit of this.units.values()) unit.reconsider();
  }

  /** Everything that has come is on the screen, at `now`. */
  drawn(now) {
    for (const time of this.#undrawn) if (!Number.isNaN(time)) this.latencies.push(now - time);
    this.#undrawn = [];
    if (this.latencies.length > LATENCIES) this.latencies.splice(0, this.latencies.length - LATENCIES);
  }

  #read(octets) {
    try {
      const payload = JSON.parse(new TextDecoder().decode(octets));
      if (payload !== null && typeof payload === "object") return payload;
    } catch {
      // Whatever it was, it was not from a unit of ours.
    }
    this.malformed += 1;
    return null;
  }

  #apply(place, payload, retained, now) {
    const key = `${place.site}/${place.device}`;
    if (place.kind === "status" && GONE.includes(payload.reason)) {
      this.#forget(key);
      return;
    }
    const unit = this.units.get(key) ?? this.#add(place, key);
    unit.apply(place.kind, place.name, payload, retained);
    // A will was written when its unit connected.
    if (!retained && payload.reason !== "lost") this.#undrawn.push(Date.parse(payload.time));
    if (place.kind === "quality" && payload.kind === "interval" && payload.mos !== null) this.#note(unit, payload.mos, now);
    if (place.kind === "event" && !retained) this.#watchDoors(unit, place.name, payload);
  }

  #add(place, key) {
    const unit = new Unit(place.site, place.device);
    this.units.set(key, unit);
    this.#sites = null;
    return unit;
  }

  #forget(key) {
    if (this.units.delete(key)) this.#sites = null;
  }

  #clear(place) {
    // A retained value that was taken away: without a status, there is no unit.
    if (place.kind === "status") this.#forget(`${place.site}/${place.device}`);
  }

  #note(unit, mos, now) {
    const start = Math.floor(now / MINUTE) * MINUTE;
    for (const site of ["", unit.site]) {
      let minutes = this.#minutes.get(site);
      if (!minutes) this.#minutes.set(site, (minutes = new Map()));
      let minute = minutes.get(start);
      if (!minute) {
        minutes.set(start, (minute = new Distribution()));
        for (const old of minutes.keys()) if (old < start - MINUTES * MINUTE) minutes.delete(old);
      }
      minute.add(mos);
    }
  }

  #watchDoors(unit, name, payload) {
    if (!(name.startsWith("door_") || (name === "audit" && payload.command === "door_open"))) return;
    // A command and what became of it are one.
    const before = this.doors.findIndex((door) => payload.command_id && door.command_id === payload.command_id);
    if (before >= 0) this.doors.splice(before, 1);
    this.doors.push({ unit, name, ...payload });
    if (this.doors.length > DOORS) this.doors.shift();
  }

  #groups() {
    const sites = new Map();
    for (const unit of [...this.units.values()].sort((one, other) => natural(one.key, other.key))) {
      if (!sites.has(unit.site)) sites.set(unit.site, []);
      sites.get(unit.site).push(unit);
    }
    return sites;
  }
}
