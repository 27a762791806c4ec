// One unit in depth, beside whatever was shown: a dialog that Escape closes.

import { MosChart } from "./chart.js";
import { Commands } from "./commands.js";
import { KeyedRows, h, setAttribute, setText } from "./dom.js";
import { grade } from "./quality.js";
import { doing } from "./unit_row.js";
import { facts } from "./unit_facts.js";
import { ago, clock, clockSeconds, decimal, milliseconds, percent, spoken } from "./words.js";

const EVENTS = 60; // that are shown
const HOUR = 3_600_000; // ms
const SEVERITIES = ["note", "poor", "bad"];

export class UnitPage {
  #unit = null;
  #chart = null;
  #drawn = "";

  constructor({ broker, closed }) {
    this.title = h("h2", { id: "unit-title", tabindex: -1 });
    this.place = h("p", { class: "place" });
    this.lamp = h("i", { class: "lamp", "aria-hidden": "true" });
    this.doing = h("p", { class: "doing" });
    this.problems = h("ul", { class: "problems" });
    this.commands = new Commands(broker);
    this.figure = h("div", { class: "chart", role: "img", "aria-label": "MOS of the call" });
    this.reading = h("p", { class: "point" });
    this.strip = h("ol", { class: "hours" });
    this.facts = h("div", { class: "facts" });
    this.events = h("ol", { class: "events" });
    this.rows = new KeyedRows(this.events, eventRow);
    const close = h("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => this.element.close() }, "✕");
    const head = h("header", { class: "unit-head" }, this.lamp, h("div", { class: "words" }, this.title, this.place), close);
    this.sound = section("Sound of this call", this.figure, this.reading);
    this.day = section("Last 24 hours", this.strip);
    this.element = h(
      "dialog",
      { class: "unit", "aria-labelledby": "unit-title", onclose: () => closed() },
      head,
      h("div", { class: "unit-body", tabindex: 0, role: "region", "aria-label": "Details" }, this.doing, this.problems, section("Commands", this.commands.element), this.sound, this.day, this.facts, section("Events", this.events)),
    );
    this.element.addEventListener("click", (event) => event.target === this.element && this.element.close());
  }

  get key() {
    return this.element.open ? this.#unit?.key ?? "" : "";
  }

  open(unit) {
    if (this.#unit !== unit) {
      this.#chart?.close();
      this.#chart = null;
      this.#drawn = "";
      this.events.replaceChildren();
      this.rows = new KeyedRows(this.events, eventRow);
    }
    this.#unit = unit;
    if (!this.element.open) this.element.showModal();
    this.title.focus();
    this.render(Date.now());
  }

  close() {
    if (this.element.open) this.element.close();
  }

  render(now) {
    const unit = this.#unit;
    if (!unit || !this.element.open) return;
    setText(this.title, unit.label);
    setText(this.place, unit.key);
    setAttribute(this.lamp, "data-lamp", unit.lamp);
    setText(this.doing, doing(unit, now));
    this.#showProblems(unit, now);
    this.commands.show(unit);
    this.#showCall(unit);
    this.#showDay(unit);
    this.#showFacts(unit, now);
    this.rows.render(unit.events.slice(-EVENTS).reverse(), (event) => event.id);
  }

  recolour() {
    this.#chart?.redraw();
  }

  #showProblems(unit, now) {
    const items = unit.problems.map((problem) => h("li", { "data-severity": SEVERITIES[problem.severity] }, problem.what, h("span", { class: "since" }, ago(problem.since, now))));
    const drawn = items.map((item) => item.textContent).join("\n");
    if (this.problems.dataset.drawn === drawn) return;
    this.problems.dataset.drawn = drawn;
    this.problems.replaceChildren(...items);
  }

  #showCall(unit) {
    const { readings } = unit;
    this.sound.hidden = readings.length === 0;
    if (!readings.length) return;
    const last = readings[readings.length - 1];
    const words = `MOS ${decimal(last.mos, 2)}, round trip ${milliseconds(last.round_trip)}, jitter ${milliseconds(last.jitter)}, lost ${percent(last.loss_fraction, 1)}, ${last.codec}`;
    setText(this.reading, words);
    setAttribute(this.figure, "aria-label", words);
    if (readings.length < 2 || this.#drawn === last.time) return;
    this.#drawn = last.time;
    this.#chart ??= new MosChart(this.figure, [{ label: "MOS", colour: "call", fill: true }], { height: 120 });
    this.#chart.show([readings.map((reading) => Date.parse(reading.time) / 1000), readings.map((reading) => reading.mos)]);
  }

  /** A bar for each hour: as high as there were calls, in the colour of how they sounded. */
  #showDay(unit) {
    this.day.hidden = unit.hours.length === 0;
    const now = Math.floor(Date.now() / HOUR);
    const drawn = now + JSON.stringify(unit.hours);
    if (this.drawnDay === drawn) return;
    this.drawnDay = drawn;
    const most = Math.max(...unit.hours.map((hour) => hour.answered), 1);
    const byHour = new Map(unit.hours.map((hour) => [Math.floor(Date.parse(hour.hour) / HOUR), hour]));
    this.strip.replaceChildren(
      ...Array.from({ length: 24 }, (_, index) => {
        const start = now - 23 + index;
        const hour = byHour.get(start) ?? { answered: 0, failed: 0, mean_mos: null };
        const words = `${clock(start * HOUR)}: ${hour.answered} calls, ${hour.failed} not answered, MOS ${decimal(hour.mean_mos, 2)}`;
        const bar = h("li", { "data-grade": grade(hour.mean_mos), title: words, "aria-label": words }, h("i"), h("span", { "aria-hidden": "true" }, index % 6 === 5 ? clock(start * HOUR) : ""));
        bar.firstChild.style.setProperty("--share", hour.answered / most);
        return bar;
      }),
    );
  }

  #showFacts(unit, now) {
    const groups = facts(unit, now);
    const shape = groups.map(([title, rows]) => title + rows.map(([name]) => name)).join();
    if (this.facts.dataset.shape !== shape) {
      this.facts.dataset.shape = shape;
      this.facts.replaceChildren(
        ...groups.map(([title, rows]) => section(title, h("dl", {}, rows.map(([name]) => h("div", {}, h("dt", {}, name), h("dd")))))),
      );
    }
    const values = this.facts.querySelectorAll("dd");
    for (const [index, value] of groups.flatMap(([, rows]) => rows.map(([, value]) => value)).entries()) setText(values[index], value);
  }
}

function section(title, ...children) {
  return h("section", {}, h("h3", {}, title), ...children);
}

const HEADER = ["name", "schema", "time", "boot_id", "id", "seq", "event", "call", "samples"];

function eventRow(event) {
  const more = Object.entries(event)
    .filter(([name, value]) => !HEADER.includes(name) && value !== null && value !== "" && typeof value !== "object")
    .map(([name, value]) => `${spoken(name)} ${value}`)
    .join(", ");
  const element = h("li", {}, h("time", { datetime: event.time }, clockSeconds(event.time)), h("strong", {}, spoken(event.name)), h("span", {}, more));
  return { element, update: () => undefined };
}
