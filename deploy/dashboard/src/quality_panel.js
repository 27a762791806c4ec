// How the fleet sounds: the last 24 hours, which units remember, or the last hour, which this page has heard itself.

import { MosChart } from "./chart.js";
import { h, panel, setAttribute, setText } from "./dom.js";
import { clock, decimal } from "./words.js";

export class QualityPanel {
  #span = "day";
  #chart = null;

  constructor() {
    this.figure = h("div", { class: "chart", role: "img" });
    this.point = h("p", { class: "point", "aria-hidden": "true" });
    this.buttons = ["day", "hour"].map((span) =>
      h("button", { type: "button", "aria-pressed": String(span === this.#span), onclick: () => this.choose(span) }, span === "day" ? "24 hours" : "1 hour"),
    );
    const choice = h("div", { class: "segments", role: "group", "aria-label": "Time shown" }, this.buttons);
    this.element = panel("quality", "Sound over time", choice, this.figure, this.point);
  }

  choose(span) {
    this.#span = span;
    for (const [index, button] of this.buttons.entries()) setAttribute(button, "aria-pressed", (index === 0) === (span === "day"));
    this.#chart?.close();
    this.#chart = null;
    this.#drawn = "";
    this.onchoose?.();
  }

  #drawn = "";

  render(fleet, hours) {
    const columns = this.#span === "day" ? dayColumns(hours) : hourColumns(fleet.minutes());
    const drawn = JSON.stringify(columns);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#chart ??= this.#make();
    this.#chart.show(columns);
    setAttribute(this.figure, "aria-label", summary(columns, this.#span));
    if (!columns[0].length) setText(this.point, this.#span === "day" ? "No calls in 24 hours." : "No calls since this page was opened.");
    else setText(this.point, summary(columns, this.#span));
  }

  recolour() {
    this.#chart?.redraw();
  }

  #make() {
    const low = this.#span === "day" ? "1 unit in 10 below" : "1 second in 10 below";
    const chart = new MosChart(this.figure, [
      { label: "mean", colour: "call", width: 2, fill: true, points: true },
      { label: low, colour: "poor", width: 1.5, dash: [4, 4] },
    ], { height: 150 });
    chart.onpoint = (text) => setText(this.point, text || this.figure.getAttribute("aria-label"));
    return chart;
  }
}

function dayColumns(hours) {
  const rows = hours.filter((hour) => hour.mos !== null);
  return [rows.map((row) => Date.parse(row.hour) / 1000), rows.map((row) => row.mos), rows.map((row) => row.low)];
}

function hourColumns(minutes) {
  return [
    minutes.map(([start]) => start / 1000),
    minutes.map(([, values]) => values.mean),
    minutes.map(([, values]) => values.percentile(0.1)),
  ];
}

function summary([times, means], span) {
  if (!times.length) return "No calls";
  const lowest = means.indexOf(Math.min(...means));
  const what = span === "day" ? "Hourly mean" : "Mean a minute";
  return `${what}: ${decimal(means[means.length - 1], 2)} last, ${decimal(means[lowest], 2)} lowest, at ${clock(times[lowest] * 1000)}`;
}
