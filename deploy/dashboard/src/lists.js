// The short lists beside the board: what needs attention, who talks, doors, versions. Each shows the most important.

import { KeyedRows, h, panel, setAttribute, setText } from "./dom.js";
import { grade } from "./quality.js";
import { ago, clockSeconds, count, decimal, duration, elapsed, farEnd, natural } from "./words.js";

const SHOWN = 40;
const MANY = 4; // units of a site with the same trouble
const SEVERITIES = ["note", "poor", "bad"];

class List {
  constructor(name, title, empty, make) {
    this.total = h("span", { class: "total" });
    this.rows = h("ul", { class: "rows" });
    this.empty = h("p", { class: "empty" }, empty);
    this.element = panel(name, title, this.total, this.rows, this.empty);
    this.keyed = new KeyedRows(this.rows, make);
  }

  show(items, keyOf, total = items.length) {
    setText(this.total, total ? count(total) : "");
    this.empty.hidden = items.length > 0;
    this.keyed.render(items, keyOf);
  }
}

function unitLink(key, ...children) {
  return h("a", { href: `#/unit/${key}`, class: "row" }, ...children);
}

/** The worst first; of equals, those who have just begun. What many units of a site have in common is one row. */
export class Attention extends List {
  constructor() {
    super("attention", "Needs attention", "Nothing. All units are well.", ({ href }) => {
      const [icon, label, what, since] = [h("span", { class: "severity" }), h("strong"), h("span", { class: "what" }), h("span", { class: "since" })];
      const words = h("span", { class: "words" }, label, what);
      return {
        element: h("li", {}, h("a", { href, class: "row" }, icon, words, since)),
        update: (item) => {
          setText(label, item.label);
          setText(what, item.what);
          setText(since, item.since ? ago(new Date(item.since).toISOString(), item.now) : "");
          setAttribute(icon, "data-severity", SEVERITIES[item.severity]);
          setText(icon, item.severity === 2 ? "!" : "▲");
          setAttribute(icon, "aria-label", SEVERITIES[item.severity]);
        },
      };
    });
  }

  render(fleet, now) {
    const items = [...fleet.sites].flatMap(([site, units]) => incidents(site, units, now));
    items.sort((one, other) => other.severity - one.severity || other.units - one.units || other.since - one.since);
    const units = items.reduce((sum, item) => sum + item.units, 0);
    this.show(items.slice(0, SHOWN), (item) => `${item.href} ${item.what}`, units);
  }
}

/** Units of a site by the worst that is wrong with each. */
function incidents(site, units, now) {
  const byWorst = new Map();
  for (const unit of units) {
    const [worst] = unit.problems;
    if (!worst || worst.severity < 1) continue;
    if (!byWorst.has(worst.what)) byWorst.set(worst.what, []);
    byWorst.get(worst.what).push(unit);
  }
  return [...byWorst.values()].flatMap((found) => (found.length < MANY ? found.map((unit) => single(unit, now)) : [common(site, found, now)]));
}

const begun = (unit) => Date.parse(unit.problems[0].since ?? 0) || 0;

function single(unit, now) {
  const { severity, what } = unit.problems[0];
  const more = unit.problems.length > 1 ? `, and ${unit.problems.length - 1} more` : "";
  return { href: `#/unit/${unit.key}`, label: unit.label, what: what + more, severity, units: 1, since: begun(unit), now };
}

function common(site, found, now) {
  const { severity, what } = found[0].problems[0];
  const href = `#/units?site=${encodeURIComponent(site)}&show=problems`;
  return { href, label: `${site}: ${found.length} units`, what, severity, units: found.length, since: Math.min(...found.map(begun)), now };
}

/** The worst sound first. */
export class CallsNow extends List {
  constructor() {
    super("calls-now", "Calls now", "Nobody is in a call.", (item) => {
      const label = h("strong");
      const who = h("span", { class: "what" });
      const length = h("span", { class: "since" });
      const mos = h("span", { class: "mos" });
      return {
        element: h("li", {}, unitLink(item.key, h("span", { class: "words" }, label, who), length, mos)),
        update: (unit) => {
          setText(label, unit.label);
          setText(who, `${unit.call.call?.direction === "OUTGOING" ? "to" : "from"} ${farEnd(unit.call.call)}${marks(unit.call)}`);
          setText(length, duration(elapsed(unit.call.since, Date.now())));
          setText(mos, decimal(unit.mos));
          setAttribute(mos, "data-grade", grade(unit.mos));
        },
      };
    });
  }

  render(fleet) {
    const calls = [...fleet.units.values()].filter((unit) => unit.inCall);
    calls.sort((one, other) => (one.mos ?? 9) - (other.mos ?? 9) || (one.key < other.key ? -1 : 1));
    this.show(calls.slice(0, SHOWN), (unit) => unit.key, calls.length);
  }
}

const marks = (call) =>
  [call.held && "held", call.muted && "muted", call.reconnecting && "reconnecting"].filter(Boolean).map((word) => `, ${word}`).join("");

/** The newest first. */
export class Doors extends List {
  constructor() {
    super("doors", "Doors", "No door was opened since this page was.", (item) => {
      const what = h("span", { class: "what" });
      return {
        element: h("li", {}, unitLink(item.unit.key, h("span", { class: "words" }, h("strong", {}, item.unit.label), what), h("span", { class: "since" }, clockSeconds(item.time)))),
        update: (door) => setText(what, doorWords(door)),
      };
    });
  }

  render(fleet) {
    this.show([...fleet.doors].reverse().slice(0, SHOWN), (door) => door.id);
  }
}

function doorWords(door) {
  if (door.name !== "audit") return door.name.replace("door_", "").replaceAll("_", " ");
  const who = door.by ? ` by ${door.by}` : "";
  const results = { accepted: "opening", done: "opened", failed: "did not open", refused: "refused" };
  const why = door.detail ? `: ${door.detail}` : "";
  return `${results[door.status] ?? door.status}${who}${why}`;
}

/** How many units run what. */
export class Versions {
  constructor() {
    this.bars = h("ul", { class: "bars" });
    this.element = panel("versions", "Versions", null, this.bars);
    this.rows = new KeyedRows(this.bars, (item) => {
      const bar = h("i", { "aria-hidden": "true" });
      const total = h("span", { class: "total" });
      return {
        element: h("li", {}, h("a", { href: `#/units?find=${encodeURIComponent(item.version)}` }, h("span", { class: "version" }, item.version), bar, total)),
        update: ({ units, share }) => {
          bar.style.setProperty("--share", share);
          setText(total, count(units));
        },
      };
    });
  }

  render(fleet) {
    const versions = new Map();
    for (const unit of fleet.units.values()) {
      const version = unit.info.software || "unknown";
      versions.set(version, (versions.get(version) ?? 0) + 1);
    }
    const most = Math.max(1, ...versions.values());
    const items = [...versions].map(([version, units]) => ({ version, units, share: units / most }));
    items.sort((one, other) => natural(other.version, one.version));
    this.rows.render(items.slice(0, 8), (item) => item.version);
  }
}
