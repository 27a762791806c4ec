// Which units are asked for, and in what order: pure.

import { natural } from "./words.js";

export const FILTERS = {
  all: { title: "All", admits: () => true },
  calls: { title: "In a call", admits: (unit) => unit.online && unit.call.state !== "idle" },
  problems: { title: "Attention", admits: (unit) => unit.severity > 0 },
  gone: { title: "Away", admits: (unit) => !unit.online },
};

const byName = (one, other) => natural(one.key, other.key);
const STATES = ["lost", "problem", "ringing", "in_call", "idle", "off"];

export const ORDERS = {
  name: { direction: "ascending", compare: byName },
  state: { direction: "ascending", compare: (one, other) => STATES.indexOf(one.lamp) - STATES.indexOf(other.lamp) },
  mos: { direction: "ascending", compare: (one, other) => (one.mos ?? 9) - (other.mos ?? 9) },
  severity: { direction: "descending", compare: (one, other) => other.severity - one.severity },
  software: {
    direction: "descending",
    compare: (one, other) => natural(other.info.software ?? "", one.info.software ?? ""),
  },
};

/** The units of `query` { show, site, find, order } in its order. */
export function matching(units, query) {
  const { admits } = FILTERS[query.show] ?? FILTERS.all;
  const words = query.find.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (const unit of units) {
    if (query.site && unit.site !== query.site) continue;
    if (admits(unit) && words.every((word) => text(unit).includes(word))) found.push(unit);
  }
  const { compare } = ORDERS[query.order] ?? ORDERS.name;
  return found.sort((one, other) => compare(one, other) || byName(one, other));
}

function text(unit) {
  const { label, software, model, serial, aor, mac } = unit.info;
  return [unit.key, label, software || "unknown", model, serial, aor, mac].join(" ").toLowerCase();
}
