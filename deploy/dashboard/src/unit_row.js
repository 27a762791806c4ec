// One row of the table of units.

import { h, setAttribute, setText } from "./dom.js";
import { grade } from "./quality.js";
import { ago, decimal, duration, elapsed, farEnd } from "./words.js";

export const LAMP_WORDS = {
  idle: "idle",
  in_call: "in a call",
  ringing: "ringing",
  problem: "idle",
  lost: "gone",
  off: "switched off",
};

/** What a unit does now, in a few words. */
export function doing(unit, now) {
  if (!unit.online) return `${LAMP_WORDS[unit.lamp]} ${ago(unit.status?.time, now)}`.trim();
  const { call } = unit;
  const length = duration(elapsed(call.since, now));
  switch (call.state) {
    case "in_call":
      return `${call.call?.direction === "OUTGOING" ? "to" : "from"} ${farEnd(call.call)}, ${length}`;
    case "ringing":
      return `rings: ${farEnd(call.call)}`;
    case "calling":
    case "alerting":
      return `calls ${farEnd(call.call)}`;
    default:
      return "idle";
  }
}

export class UnitRow {
  used = false;
  #key = "";

  constructor(open) {
    this.lamp = h("i", { class: "lamp", "aria-hidden": "true" });
    this.label = h("strong");
    this.place = h("span", { class: "place" });
    this.state = h("span", { role: "gridcell", class: "doing" });
    this.mos = h("span", { role: "gridcell", class: "mos" });
    this.problem = h("span", { role: "gridcell", class: "problem" });
    this.software = h("span", { role: "gridcell", class: "software" });
    const name = h("span", { role: "gridcell", class: "name" }, this.lamp, h("span", { class: "words" }, this.label, this.place));
    this.element = h(
      "div",
      { class: "unit-row", role: "row", onclick: () => open(this.#key) },
      name,
      this.state,
      this.mos,
      this.problem,
      this.software,
    );
  }

  show(unit, index, active, now) {
    this.#key = unit.key;
    setAttribute(this.element, "aria-rowindex", index + 2);
    setAttribute(this.element, "tabindex", active ? 0 : -1);
    setAttribute(this.lamp, "data-lamp", unit.lamp);
    setText(this.label, unit.label);
    setText(this.place, unit.key);
    setText(this.state, doing(unit, now));
    setAttribute(this.state, "data-quiet", unit.online && unit.call.state === "idle" ? "" : null);
    setText(this.mos, unit.mos === null ? "" : decimal(unit.mos));
    setAttribute(this.mos, "data-grade", grade(unit.mos));
    const [worst] = unit.problems;
    setText(this.problem, worst ? worst.what + (unit.problems.length > 1 ? ` +${unit.problems.length - 1}` : "") : "");
    setAttribute(this.problem, "data-severity", worst ? ["note", "poor", "bad"][worst.severity] : null);
    setText(this.software, unit.info.software ?? "");
  }
}
