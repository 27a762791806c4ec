// The board: a card for each site, a lamp for each unit. Lamps are told apart by shape as well as by colour.

import { KeyedRows, colour, h, panel, setAttribute, setText } from "./dom.js";
import { grade } from "./quality.js";
import { decimal } from "./words.js";

// Lamps are as large as there is room: pixels from one to the next, for boards of up to so many units.
const SIZES = [
  [150, 22],
  [700, 17],
  [Infinity, 13],
];
const ACROSS = 12; // lamps, in the narrowest card
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
    const [, pitch] = SIZES.find(([most]) => fleet.units.size <= most);
    this.board.style.setProperty("--card", `${ACROSS * pitch}px`);
    const items = [...fleet.sites].map(([site, units]) => ({ site, units, hours: hoursOf(site), pitch }));
    this.cards.render(items, (item) => item.site);
  }

  recolour() {
    palette = null;
    this.legend.replaceChildren(
      ...LEGEND.map(([lamp, words]) => {
        const canvas = h("canvas", { width: 22, height: 22 });
        const pen = canvas.getContext("2d");
        pen.scale(2, 2);
        drawLamp(pen, lamp, 1, 1, 9);
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
  #pitch = 13;

  constructor({ site }, open) {
    this.name = h("span", { class: "site" }, site);
    this.online = h("span", { class: "online" });
    this.canvas = h("canvas", { class: "lamps", "aria-hidden": "true" });
    this.mos = h("span", { class: "mos" });
    this.calls = h("span", { class: "calls" });
    this.troubled = h("span", { class: "unseen" });
    this.strip = h("span", { class: "strip", "aria-hidden": "true" }, Array.from({ length: HOURS }, () => h("i")));
    this.link = h(
      "a",
      { href: `#/units?site=${encodeURIComponent(site)}` },
      h("span", { class: "card-head" }, this.name, h("span", {}, this.online, h("span", { class: "unseen" }, " online, "))),
      this.canvas,
      h("span", { class: "card-foot" }, this.calls, h("span", {}, h("span", { class: "unseen" }, ", MOS "), this.mos)),
      this.strip,
      this.troubled,
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

  update({ site, units, hours, pitch }) {
    this.#units = units;
    this.#pitch = pitch;
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
    setText(this.troubled, troubled ? `, ${troubled} need attention` : "");
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
    const pitch = this.#pitch;
    const drawn = `${width} ${pitch} ${lamps.join(" ")}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const size = Math.round(pitch * 0.7);
    this.#columns = Math.max(1, Math.floor((width + pitch - size) / pitch));
    const ratio = devicePixelRatio || 1;
    const height = Math.ceil(lamps.length / this.#columns) * pitch;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    for (const [index, lamp] of lamps.entries()) {
      const x = (index % this.#columns) * pitch;
      const y = Math.floor(index / this.#columns) * pitch + 1;
      drawLamp(pen, lamp.replace("!", ""), x, y, size, lamp.endsWith("!"));
    }
  }

  #under(event) {
    const column = Math.floor(event.offsetX / this.#pitch);
    return column < this.#columns ? this.#units[Math.floor(event.offsetY / this.#pitch) * this.#columns + column] : undefined;
  }
}

let palette = null;

/** `marked` says that there is something the matter with the call. */
function drawLamp(pen, lamp, x, y, size, marked = false) {
  palette ??= Object.fromEntries(LEGEND.map(([name]) => [name, colour(`lamp-${name.replace("_", "-")}`)]));
  pen.strokeStyle = pen.fillStyle = palette[lamp];
  pen.lineWidth = size / 6;
  pen.beginPath();
  if (lamp === "ringing") circle(pen, x, y, size, size / 2);
  else if (lamp === "problem") triangle(pen, x, y, size);
  else pen.roundRect(x + 0.5, y + 0.5, size - 1, size - 1, size / 5);
  if (lamp === "lost" || lamp === "off") pen.stroke();
  else pen.fill();
  if (lamp === "lost") cross(pen, x, y, size);
  if (marked) {
    pen.fillStyle = palette.problem;
    pen.beginPath();
    circle(pen, x, y, size, size / 4);
    pen.fill();
  }
}

function circle(pen, x, y, size, radius) {
  pen.arc(x + size / 2, y + size / 2, radius, 0, 2 * Math.PI);
}

function triangle(pen, x, y, size) {
  pen.moveTo(x + size / 2, y);
  pen.lineTo(x + size, y + size - 0.5);
  pen.lineTo(x, y + size - 0.5);
  pen.closePath();
}

function cross(pen, x, y, size) {
  const inset = size * 0.28;
  pen.beginPath();
  pen.moveTo(x + inset, y + inset);
  pen.lineTo(x + size - inset, y + size - inset);
  pen.moveTo(x + size - inset, y + inset);
  pen.lineTo(x + inset, y + size - inset);
  pen.stroke();
}
