// What is known of a unit, as tables: pure.

import { celsius, dayTime, decimal, duration, elapsed, farEnd, megabytes, party, percent, spoken } from "./words.js";

/** [title, [[name, value], …]] for whatever the unit has told. */
export function facts(unit, now) {
  return [line(unit, now), lastCall(unit), machine(unit), device(unit), software(unit)].filter(([, rows]) => rows.length);
}

function line({ registration, audio, controls, info }, now) {
  const rows = [];
  if (registration) {
    rows.push(["Registration", `${spoken(registration.state)} ${duration(elapsed(registration.since, now))}`]);
    rows.push(["Number", party(registration.aor || info.aor)]);
  }
  if (audio) rows.push(["Sound", audio.working ? audio.device || "works" : audio.problem]);
  if (controls) {
    rows.push(["Volume", controls.volume === null ? "–" : `${controls.volume} %`]);
    rows.push(["Do not disturb", controls.dnd ? "on" : "off"]);
    if (controls.text) rows.push(["Display", controls.text]);
  }
  return ["Line", rows];
}

function lastCall({ last_call: record }) {
  if (!record) return ["Last call", []];
  const rows = [
    ["Far end", farEnd(record.call)],
    ["Result", `${record.result}${record.cause ? `, ${record.cause}` : ""}${record.status ? ` (${record.status})` : ""}`],
    ["Ended", dayTime(record.ended)],
  ];
  if (record.duration) rows.push(["Length", duration(record.duration)]);
  const { quality } = record;
  if (quality) {
    const all = quality.packets_received + quality.packets_lost;
    rows.push(["MOS", `${decimal(quality.mean_mos, 2)}, worst ${decimal(quality.worst_mos, 2)}`]);
    rows.push(["Lost", all ? percent(quality.packets_lost / all, 2) : "–"]);
  }
  return ["Last call", rows];
}

function machine({ health }) {
  if (!health) return ["Machine", []];
  const rows = [
    ["Temperature", celsius(health.temperature)],
    ["Processor", `${decimal(health.cpu, 0)} %, service ${decimal(health.service_cpu, 0)} % of a core`],
    ["Memory free", `${megabytes(health.memory_available)} of ${megabytes(health.memory_total)}, service ${megabytes(health.service_memory)}`],
    ["Up", `${duration(health.uptime)}, service ${duration(health.service_uptime)}`],
    ["Card free", `${megabytes(health.disk_free)}, written ${megabytes(health.disk_written)}`],
    ["Sound too late", `${health.xruns} times`],
  ];
  if (health.wifi) rows.push(["Wi-Fi", `${Math.round(health.wifi.signal)} dBm`]);
  const throttled = [...new Set([...(health.throttled ?? []), ...(health.throttled_before ?? [])])];
  if (throttled.length) rows.push(["Held back by", throttled.map(spoken).join(", ")]);
  return ["Machine", rows];
}

function device({ info }) {
  const rows = [
    ["Model", info.model],
    ["Serial", info.serial],
    ["Board", info.hardware],
    ["MAC", info.mac],
    ["Has", (info.capabilities ?? []).map(spoken).join(", ")],
  ];
  return ["Device", rows.filter(([, value]) => value)];
}

function software({ info, reported, missed, dropped }) {
  const rows = [
    ["Version", info.software],
    ["System", info.system],
    ["Started", info.started ? dayTime(info.started) : ""],
  ];
  if (reported) rows.push(["Configuration", `${spoken(reported.state)} ${reported.version}`.trim()]);
  if (missed) rows.push(["Events missed here", missed]);
  if (dropped) rows.push(["Lost before the broker", `${dropped.events ?? 0} events, ${dropped.metrics} metrics`]);
  return ["Software", rows.filter(([, value]) => value !== "" && value !== undefined)];
}
