// uPlot in the page's colours, as wide as there is room.

import uPlot from "uplot";

import { colour } from "./dom.js";
import { decimal } from "./words.js";

const LOWEST = 1;
const HIGHEST = 4.5;

/** A chart of MOS over time: `lines` are { label, colour, width, fill, points }. `show` takes uPlot's columns. */
export class MosChart {
  #plot = null;
  #data = null;

  constructor(element, lines, { height = 180, steps = false } = {}) {
    this.element = element;
    this.lines = lines;
    this.height = height;
    this.steps = steps;
    this.observer = new ResizeObserver(() => this.#fit());
    this.observer.observe(element);
  }

  show(data) {
    this.#data = data;
    if (this.#plot) this.#plot.setData(data);
    else this.#draw();
  }

  /** Anew, in other colours. */
  redraw() {
    this.#plot?.destroy();
    this.#plot = null;
    if (this.#data) this.#draw();
  }

  close() {
    this.observer.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #fit() {
    const width = this.element.clientWidth;
    if (this.#plot && width) this.#plot.setSize({ width, height: this.height });
    else if (this.#data) this.#draw();
  }

  #draw() {
    const width = this.element.clientWidth;
    if (!width) return;
    this.#plot = new uPlot(this.#options(width), this.#data, this.element);
  }

  #options(width) {
    const axis = { stroke: colour("muted"), font: "12px Inter, sans-serif", ticks: { show: false } };
    const grid = { stroke: colour("grid"), width: 1 };
    return {
      width,
      height: this.height,
      padding: [10, 18, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 } },
      scales: { y: { range: (_plot, low) => [Math.max(LOWEST, Math.min(3.5, Math.floor(2 * low) / 2)), HIGHEST] } },
      axes: [
        { ...axis, grid: { show: false }, size: 30, gap: 6, space: 64, values: (_plot, times) => times.map(timeOf(this.#data[0])) },
        { ...axis, grid, size: 34, splits: (_plot, _axis, low) => ticks(low, this.height), values: (_plot, all) => all.map((v) => decimal(v)) },
      ],
      series: [{}, ...this.lines.map((line) => this.#series(line))],
      hooks: { setCursor: [(plot) => this.#point(plot)] },
    };
  }

  #series(line) {
    const stroke = colour(line.colour);
    return {
      label: line.label,
      stroke,
      width: line.width ?? 2,
      dash: line.dash,
      fill: line.fill ? `${stroke}22` : undefined,
      paths: this.steps ? uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { show: line.points ?? false, size: 5, fill: stroke },
      spanGaps: false,
    };
  }

  #point(plot) {
    const { idx } = plot.cursor;
    const words = idx === null ? "" : this.lines.map((line, i) => `${line.label} ${decimal(plot.data[i + 1][idx], 2)}`).join(", ");
    this.onpoint?.(idx === null ? "" : `${timeOf(plot.data[0])(plot.data[0][idx])}: ${words}`);
  }
}

function ticks(low, height) {
  const all = [];
  const step = (HIGHEST - low) * 30 > height ? 1 : 0.5; // 15 pixels apart at least
  for (let value = Math.ceil(low / step) * step; value <= HIGHEST; value += step) all.push(value);
  return all;
}

const timeOf = (times) => {
  const seconds = times.length && times[times.length - 1] - times[0] < 900;
  const format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined });
  return (time) => format.format(time * 1000);
};
