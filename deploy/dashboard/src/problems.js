// What is wrong with a unit, in words that say what to do something about. Severities: 2 bad, 1 poor, 0 a note.

import { grade } from "./quality.js";
import { celsius, decimal, spoken } from "./words.js";

const HOT = 80; // °C, where the processor slows down
const WEAK = -80; // dBm
const THROTTLED = {
  under_voltage: "too little voltage: check its power supply",
  frequency_capped: "its processor is slowed down",
  throttled: "its processor is slowed down",
  temperature_limit: "its processor is too hot",
};

const WHOSE = { local: "there", remote: "here" };
const WARNINGS = {
  high_jitter: ({ stream }) => `much jitter ${WHOSE[stream] ?? ""}`.trimEnd(),
  high_rtt: () => "long round trip",
  high_packetloss: ({ stream }) => `packets are lost ${stream === "local" ? "on their way there" : "on their way here"}`,
  no_audio_received: ({ stream }) => (stream === "local" ? "says nothing" : "hears nothing"),
  no_microphone_access: () => "has no microphone",
  speaking_on_mute: () => "speaks into a muted microphone",
  ice_timeout: () => "its network is slow to open a path",
  ice_connection: () => "its media path is lost",
};

const RULES = [gone, registration, sound, quality, warnings, machine, storage, configuration, delivery];

/** Sorted, the worst first. */
export function problemsOf(unit) {
  if (unit.status === null) return [];
  const rules = unit.online ? RULES : [gone];
  return rules.flatMap((rule) => [...rule(unit)]).sort((one, other) => other.severity - one.severity);
}

const problem = (severity, what, since = null) => ({ severity, what, since });

function* gone(unit) {
  if (unit.online) {
    if (unit.twin) yield problem(2, "two units use this name", unit.twin.time);
    if (!unit.heard) yield problem(1, "not heard of since the broker is back");
  } else if (unit.status.reason === "lost") {
    yield problem(2, "gone without a goodbye", unit.status.time);
  } else {
    yield problem(0, "switched off", unit.status.time);
  }
}

function* registration({ registration: state }) {
  if (state?.state === "refused") {
    yield problem(2, `its registrar refuses it: ${state.status || ""} ${state.reason}`.trimEnd(), state.since);
  } else if (state?.state === "disconnected") {
    yield problem(2, "has lost its registrar", state.since);
  }
}

function* sound({ audio, self_test: test }) {
  if (audio && !audio.working) yield problem(2, audio.problem || "its sound does not work", audio.time);
  if (test && !test.passed) {
    const failed = test.checks.filter((check) => check.passed === false).map((check) => check.name);
    yield problem(1, `self test failed: ${failed.join(", ")}`, test.finished);
  }
}

function* quality(unit) {
  const grades = { bad: 2, poor: 1 };
  const how = grade(unit.mos);
  if (how in grades) yield problem(grades[how], `sounds ${how}: MOS ${decimal(unit.mos)}`, unit.call.since);
  if (unit.call.reconnecting) yield problem(1, "reconnecting its call", null);
}

function* warnings(unit) {
  for (const warning of unit.warnings.values()) {
    // What the sound as a whole is like is said already.
    if (warning.type === "low_mos" || warning.call?.call_uuid !== unit.call.call?.call_uuid) continue;
    const words = WARNINGS[warning.type]?.(warning) ?? spoken(warning.type);
    yield problem(1, words, warning.time);
  }
}

function* machine({ health }) {
  if (!health) return;
  for (const flag of new Set((health.throttled ?? []).map((name) => THROTTLED[name] ?? name))) {
    yield problem(1, flag, health.time);
  }
  if (health.temperature >= HOT) yield problem(1, `hot: ${celsius(health.temperature)}`, health.time);
  if (health.wifi && health.wifi.signal < WEAK) {
    yield problem(0, `weak Wi-Fi: ${Math.round(health.wifi.signal)} dBm`, health.time);
  }
  if (health.memory_available < 0.05 * health.memory_total) yield problem(1, "hardly any memory left", health.time);
  if (!health.clock_synchronised) yield problem(0, "its clock is not set", health.time);
}

function* storage({ health }) {
  if (health?.disk_total && health.disk_free < 0.05 * health.disk_total) {
    yield problem(1, "its card is almost full", health.time);
  }
  if (health?.outbox_problem) yield problem(1, health.outbox_problem, health.time);
}

function* configuration({ reported }) {
  if (reported?.state === "reverted") yield problem(1, `configuration ${reported.tried} was reverted`, reported.since);
  if (reported?.state === "rejected") yield problem(1, `configuration ${reported.tried} was rejected`, reported.since);
}

function* delivery({ dropped }) {
  const events = dropped?.events ?? 0;
  if (events) yield problem(1, `${events} events were lost`, dropped.time);
  if (dropped?.refused) yield problem(1, "the broker refuses some of its messages", dropped.time);
}
