// The board: a card for each site, a lamp for each unit. Lamps are told apart by shape as well as by colour.

import { KeyedRows, colour, h, panel, setAttribute, setText } from "./dom.js";
import { grade } from "./quality.js";
import { decimal } from "./words.js";

const LAMP = 9;
const PITCH = 13; // pixels from one lamp to the next
const LEGEND = [
  ["idle", "idle"],
  ["in_call", "in a call"],
  ["ringing", "ringing"],
  ["problem", "needs attention"],
  ["lost", "gone"],
  ["off", "switched off"],
];
const HOURS = 24;

export class Switchboard {
  constructor(open) {
    this.open = open;
    this.board = h("ul", { class: "board" });
    this.cards = new KeyedRows(this.board, (item) => new Card(item, open));
    this.legend = h("ul", { class: "legend", "aria-hidden": "true" });
    this.element = panel("switchboard", "Switchboard", this.legend, this.board);
    this.recolour();
  }

  render(fleet, hoursOf) {
    const items = [...fleet.sites].map(([site, units]) => ({ site, units, hours: hoursOf(site) }));
    this.cards.render(items, (item) => item.site);
  }

  recolour() {
    palette = null;
    this.legend.replaceChildren(
      ...LEGEND.map(([lamp, words]) => {
        const canvas = h("canvas", { width: 2 * LAMP + 4, height: 2 * LAMP + 4 });
        const pen = canvas.getContext("2d");
        pen.scale(2, 2);
        drawLamp(pen, lamp, 1, 1, false);
        return h("li", {}, canvas, words);
      }),
    );
    for (const card of this.board.children) card.dispatchEvent(new Event("recolour"));
  }
}

class Card {
  #drawn = "";
  #units = [];
  #columns = 1;

  constructor({ site }, open) {
    this.name = h("span", { class: "site" }, site);
    this.online = h("span", { class: "online" });
    this.canvas = h("canvas", { class: "lamps", "aria-hidden": "true" });
    this.mos = h("span", { class: "mos" });
    this.calls = h("span", { class: "calls" });
    this.strip = h("span", { class: "strip", "aria-hidden": "true" }, Array.from({ length: HOURS }, () => h("i")));
    this.link = h(
      "a",
      { href: `#/units?site=${encodeURIComponent(site)}` },
      h("span", { class: "card-head" }, this.name, this.online),
      this.canvas,
      h("span", { class: "card-foot" }, this.calls, this.mos),
      this.strip,
    );
    this.element = h("li", { class: "card" }, this.link);
    this.element.addEventListener("recolour", () => (this.#drawn = ""));
    this.canvas.addEventListener("click", (event) => {
      const unit = this.#under(event);
      if (!unit) return;
      event.preventDefault();
      event.stopPropagation();
      open(unit.key);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const unit = this.#under(event);
      setAttribute(this.canvas, "title", unit ? `${unit.label}: ${unit.problems[0]?.what ?? unit.lamp.replace("_", " ")}` : null);
    });
  }

  update({ site, units, hours }) {
    this.#units = units;
    const online = units.filter((unit) => unit.online).length;
    const talking = units.filter((unit) => unit.lamp === "in_call");
    const heard = talking.map((unit) => unit.mos).filter((mos) => mos !== null);
    const mos = heard.length ? heard.reduce((sum, value) => sum + value, 0) / heard.length : null;
    const troubled = units.filter((unit) => unit.severity > 0).length;
    setText(this.online, `${online}/${units.length}`);
    setAttribute(this.online, "data-mood", online < units.length ? "bad" : null);
    setText(this.calls, talking.length ? `${talking.length} ${talking.length === 1 ? "call" : "calls"}` : "quiet");
    setText(this.mos, mos === null ? "" : decimal(mos));
    setAttribute(this.mos, "data-grade", grade(mos));
    setAttribute(
      this.link,
      "aria-label",
      `${site}: ${online} of ${units.length} online, ${talking.length} in a call, ${mos === null ? "" : `MOS ${decimal(mos)}, `}${troubled} need attention`,
    );
    this.#drawStrip(hours);
    this.#drawLamps();
  }

  #drawStrip(hours) {
    const now = Math.floor(Date.now() / 3_600_000);
    const byHour = new Map(hours.map((hour) => [Math.floor(Date.parse(hour.hour) / 3_600_000), hour.mos]));
    for (const [index, cell] of [...this.strip.children].entries()) {
      setAttribute(cell, "data-grade", grade(byHour.get(now - HOURS + 1 + index)));
    }
  }

  #drawLamps() {
    const width = this.element.clientWidth - 24;
    if (width <= 0) return;
    const lamps = this.#units.map((unit) => unit.lamp + (unit.lamp === "in_call" && unit.severity > 0 ? "!" : ""));
    const drawn = `${width} ${lamps.join(" ")}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#columns = Math.max(1, Math.floor((width + PITCH - LAMP) / PITCH));
    const rows = Math.ceil(lamps.length / this.#columns);
    const ratio = devicePixelRatio || 1;
    const height = rows * PITCH;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    for (const [index, lamp] of lamps.entries()) {
      const x = (index % this.#columns) * PITCH;
      const y = Math.floor(index / this.#columns) * PITCH + 1;
      drawLamp(pen, lamp.replace("!", ""), x, y, lamp.endsWith("!"));
    }
  }

  #under(event) {
    const column = Math.floor(event.offsetX / PITCH);
    return column < this.#columns ? this.#units[Math.floor(event.offsetY / PITCH) * this.#columns + column] : undefined;
  }
}

let palette = null;

function drawLamp(pen, lamp, x, y, marked) {
  palette ??= Object.fromEntries(LEGEND.map(([name]) => [name, colour(`lamp-${name.replace("_", "-")}`)]));
  pen.strokeStyle = pen.fillStyle = palette[lamp];
  pen.lineWidth = 1.5;
  pen.beginPath();
  if (lamp === "ringing") pen.arc(x + LAMP / 2, y + LAMP / 2, LAMP / 2, 0, 2 * Math.PI);
  else if (lamp === "problem") triangle(pen, x, y);
  else pen.roundRect(x + 0.5, y + 0.5, LAMP - 1, LAMP - 1, 2);
  if (lamp === "lost" || lamp === "off") pen.stroke();
  else pen.fill();
  if (lamp === "lost") {
    pen.beginPath();
    pen.moveTo(x + 2.5, y + 2.5);
    pen.lineTo(x + LAMP - 2.5, y + LAMP - 2.5);
    pen.moveTo(x + LAMP - 2.5, y + 2.5);
    pen.lineTo(x + 2.5, y + LAMP - 2.5);
    pen.stroke();
  }
  if (marked) {
    pen.fillStyle = palette.problem;
    pen.beginPath();
    pen.arc(x + LAMP / 2, y + LAMP / 2, 2, 0, 2 * Math.PI);
    pen.fill();
  }
}

function triangle(pen, x, y) {
  pen.moveTo(x + LAMP / 2, y);
  pen.lineTo(x + LAMP, y + LAMP - 0.5);
  pen.lineTo(x, y + LAMP - 0.5);
  pen.closePath();
}
