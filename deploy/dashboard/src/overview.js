// The wall: everything that a manager looks for, on one screen.

import { h } from "./dom.js";
import { Attention, CallsNow, Doors, Versions } from "./lists.js";
import { QualityPanel } from "./quality_panel.js";
import { Switchboard } from "./switchboard.js";
import { Vitals } from "./vitals.js";

const HOURS_EVERY = 5000; // ms: adding up the past of all units takes longer than drawing it

export class Overview {
  #hours = [];
  #bySite = new Map();
  #hoursAt = 0;

  constructor(open) {
    this.vitals = new Vitals();
    this.quality = new QualityPanel();
    this.quality.onchoose = () => (this.#hoursAt = 0);
    this.switchboard = new Switchboard(open);
    this.attention = new Attention();
    this.calls = new CallsNow();
    this.doors = new Doors();
    this.versions = new Versions();
    this.element = h(
      "div",
      { class: "overview" },
      this.vitals.element,
      h("div", { class: "left" }, this.quality.element, this.switchboard.element),
      h("div", { class: "right" }, this.attention.element, this.calls.element, this.doors.element, this.versions.element),
    );
  }

  render(fleet, now) {
    if (now - this.#hoursAt > HOURS_EVERY) {
      this.#hoursAt = now;
      fleet.reconsider();
      this.#hours = fleet.hours(fleet.units.values());
      this.#bySite = new Map([...fleet.sites].map(([site, units]) => [site, fleet.hours(units)]));
      if (fleet.units.size < 1) this.#hoursAt = 0;
    }
    const totals = fleet.totals();
    this.vitals.render(fleet, totals, this.#hours);
    this.quality.render(fleet, this.#hours);
    this.switchboard.render(fleet, (site) => this.#bySite.get(site) ?? []);
    this.attention.render(fleet, now);
    this.calls.render(fleet);
    this.doors.render(fleet);
    this.versions.render(fleet);
  }

  recolour() {
    this.quality.recolour();
    this.switchboard.recolour();
  }
}
