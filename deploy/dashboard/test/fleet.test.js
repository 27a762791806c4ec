// node --test deploy/dashboard/test

import assert from "node:assert/strict";
import { test } from "node:test";

import { route, units } from "../src/address.js";
import { Fleet } from "../src/fleet.js";
import { Distribution, grade } from "../src/quality.js";
import { matching } from "../src/unit_filter.js";
import { ago, duration, farEnd, megabytes, party } from "../src/words.js";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const encode = (value) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

function heard(fleet, unit, tail, payload = {}, retained = false) {
  const whole = { time: new Date(NOW).toISOString(), boot_id: "b", ...payload };
  return fleet.receive(`intercom/v1/${unit}/${tail}`, encode(whole), retained, NOW);
}

function fleetOf(...names) {
  const fleet = new Fleet();
  for (const name of names) heard(fleet, name, "status", { state: "online", reason: "" });
  return fleet;
}

const lamp = (fleet, name) => fleet.units.get(name).lamp;
const CALL = { state: "in_call", since: null, call: { call_uuid: "1", direction: "OUTGOING", src: "sip:1@a", dest: "sip:2@a" } };

test("a lamp says what its unit does, and that it is gone", () => {
  const fleet = fleetOf("lobby/door");
  assert.equal(lamp(fleet, "lobby/door"), "idle");
  heard(fleet, "lobby/door", "state/call", { ...CALL, state: "ringing" });
  assert.equal(lamp(fleet, "lobby/door"), "ringing");
  heard(fleet, "lobby/door", "state/call", CALL);
  assert.equal(lamp(fleet, "lobby/door"), "in_call");
  heard(fleet, "lobby/door", "status", { state: "offline", reason: "lost" });
  assert.equal(lamp(fleet, "lobby/door"), "lost");
  heard(fleet, "lobby/door", "status", { state: "offline", reason: "shutdown" });
  assert.equal(lamp(fleet, "lobby/door"), "off");
  heard(fleet, "lobby/door", "status", { state: "online", reason: "" });
  assert.equal(lamp(fleet, "lobby/door"), "idle", "the call that it was in is over");
});

test("what is wrong makes a lamp a problem, the worst first", () => {
  const fleet = fleetOf("lobby/door");
  heard(fleet, "lobby/door", "state/audio", { working: false, problem: "unplugged" });
  heard(fleet, "lobby/door", "state/dropped", { events: 3, metrics: 0, refused: 0 });
  assert.deepEqual(fleet.units.get("lobby/door").problems.map(({ severity, what }) => [severity, what]), [
    [2, "unplugged"],
    [1, "3 events were lost"],
  ]);
  assert.equal(lamp(fleet, "lobby/door"), "problem");
  heard(fleet, "lobby/door", "state/audio", { working: true, problem: "" });
  assert.equal(fleet.units.get("lobby/door").severity, 1);
});

test("warnings of a call end with it, whatever comes late", () => {
  const fleet = fleetOf("lobby/door");
  const door = fleet.units.get("lobby/door");
  const idle = { state: "idle", since: null, call: null };
  const warn = (seq, active) => heard(fleet, "lobby/door", "event/media_metrics", { seq, type: "high_rtt", stream: null, active, call: CALL.call });
  heard(fleet, "lobby/door", "state/call", CALL);
  warn(1, true);
  assert.equal(door.problems[0].what, "long round trip");
  warn(2, false);
  assert.equal(door.problems.length, 0);
  warn(3, true);
  heard(fleet, "lobby/door", "state/call", idle);
  assert.equal(door.problems.length, 0);
  warn(4, true);
  assert.equal(door.problems.length, 0);
});

test("the MOS now is that of the call that goes on", () => {
  const fleet = fleetOf("lobby/door", "lobby/desk");
  heard(fleet, "lobby/door", "state/call", CALL);
  heard(fleet, "lobby/door", "quality/1", { kind: "interval", mos: 2.5 });
  assert.equal(fleet.units.get("lobby/door").mos, 2.5);
  assert.match(fleet.units.get("lobby/door").problems[0].what, /sounds bad: MOS 2.5/);
  const totals = fleet.totals();
  assert.deepEqual([totals.units, totals.online, totals.calls, totals.problems, totals.troubled], [2, 2, 1, 1, 1]);
  assert.equal(totals.mos.mean, 2.5);
  assert.deepEqual(fleet.minutes("lobby").map(([, values]) => values.count), [1]);
  heard(fleet, "lobby/door", "state/call", { state: "idle", since: null, call: null });
  assert.equal(fleet.units.get("lobby/door").mos, null);
});

test("gaps in the numbers of events are counted, repetitions and new starts are none", () => {
  const fleet = fleetOf("lobby/door");
  const send = (boot_id, seq) => heard(fleet, "lobby/door", "event/login", { boot_id, seq });
  for (const seq of [4, 5, 5, 8]) send("a", seq);
  assert.equal(fleet.units.get("lobby/door").missed, 2);
  send("b", 9);
  assert.equal(fleet.units.get("lobby/door").missed, 2);
});

test("the hours of units add up, weighted by how long was talked", () => {
  const fleet = fleetOf("lobby/door", "lobby/desk");
  const hour = { hour: "2026-03-01T11:00:00Z", answered: 1, failed: 1, worst_mos: 3 };
  heard(fleet, "lobby/door", "state/quality_hours", { hours: [{ ...hour, mean_mos: 4, talked: 30 }] });
  heard(fleet, "lobby/desk", "state/quality_hours", { hours: [{ ...hour, mean_mos: 3, talked: 10 }, { ...hour, hour: "2026-03-01T10:00:00Z", mean_mos: null, talked: 0 }] });
  const hours = fleet.hours(fleet.units.values());
  assert.deepEqual(hours.map(({ mos, answered }) => [mos, answered]), [
    [null, 1],
    [3.75, 2],
  ]);
});

test("a unit that has moved, or whose status was taken away, is no unit any more", () => {
  const fleet = fleetOf("lobby/a", "lobby/b", "lobby/c");
  heard(fleet, "lobby/a", "status", { state: "offline", reason: "decommissioned" });
  fleet.receive("intercom/v1/lobby/b/status", new Uint8Array(), false, NOW);
  assert.deepEqual([...fleet.units.keys()], ["lobby/c"]);
  assert.deepEqual([...fleet.sites.keys()], ["lobby"]);
});

test("nonsense is counted and changes nothing", () => {
  const fleet = fleetOf("lobby/door");
  for (const octets of ["{", "7", "null", "\u0000"]) fleet.receive("intercom/v1/lobby/door/status", encode(octets), false, NOW);
  fleet.receive("intercom/v1/lobby/door/status", new Uint8Array([0xff, 0xfe]), false, NOW);
  assert.equal(fleet.receive("other/topic", encode({}), false, NOW), false);
  assert.equal(fleet.malformed, 5);
  assert.ok(fleet.units.get("lobby/door").online);
});

test("doors and answers are handed on", () => {
  const fleet = fleetOf("lobby/door");
  heard(fleet, "lobby/door", "event/audit", { seq: 1, id: "b-1", command: "door_open", status: "done" });
  heard(fleet, "lobby/door", "event/audit", { seq: 2, id: "b-2", command: "reboot", status: "done" });
  heard(fleet, "lobby/door", "resp/door_open", { command_id: "c", status: "done" });
  assert.deepEqual(fleet.doors.map((door) => door.id), ["b-1"]);
  assert.deepEqual(fleet.answers.map((answer) => [answer.site, answer.command_id]), [["lobby", "c"]]);
});

test("units are found by every word, in any of their names, and sorted", () => {
  const fleet = fleetOf("lobby/door-10", "lobby/door-2", "garage/desk");
  heard(fleet, "garage/desk", "info", { label: "Car park", software: "1.2.3", commands: [] });
  const names = (query) => matching(fleet.units.values(), { show: "all", site: "", find: "", order: "name", ...query }).map((unit) => unit.key);
  assert.deepEqual(names({}), ["garage/desk", "lobby/door-2", "lobby/door-10"]);
  assert.deepEqual(names({ find: "park 1.2" }), ["garage/desk"]);
  assert.deepEqual(names({ site: "lobby", order: "state" }), ["lobby/door-2", "lobby/door-10"]);
  assert.deepEqual(names({ show: "gone" }), []);
});

test("addresses", () => {
  assert.deepEqual(route("#/unit/lobby/door"), { view: "unit", key: "lobby/door" });
  assert.deepEqual(route(units({ show: "problems", site: "lobby", find: "", order: "name" })), { view: "units", query: { show: "problems", site: "lobby" } });
  assert.equal(route("").view, "wall");
});

test("grades and distributions", () => {
  assert.deepEqual([4.4, 3.7, 3.2, 1.2, null].map(grade), ["good", "fair", "poor", "bad", "none"]);
  const values = new Distribution();
  assert.equal(values.percentile(0.5), null);
  for (const mos of [1, 2, 3, 4, 4.5, 9]) values.add(mos);
  assert.equal(values.percentile(0.1), 1);
  assert.equal(values.percentile(1), 4.5);
});

test("words", () => {
  assert.deepEqual([42, 725, 12_000, 360_000, NaN].map(duration), ["0:42", "12:05", "3 h 20 min", "4 d 4 h", "–"]);
  assert.deepEqual([0, 61_000, 7_300_000].map((back) => ago(new Date(NOW - back).toISOString(), NOW)), ["now", "1 min", "2 h"]);
  assert.deepEqual([party("sip:201@a.example"), party("sips:a"), party(undefined)], ["201", "a", "–"]);
  assert.equal(farEnd({ direction: "INCOMING", src: "sip:7@x", dest: "sip:8@x" }), "7");
  assert.deepEqual([megabytes(5_400_000), megabytes(2_500_000_000)], ["5 MB", "2.5 GB"]);
});
