// When the page is drawn: soon after something has changed, never more often than it can be read, and every second, for
// the clocks on it. Never while it can't be seen.

const APART = 250; // ms
const IDLE = 1000;

export class Frame {
  #asked = false;
  #last = 0;

  constructor(draw) {
    this.draw = draw;
    setInterval(() => this.ask(), IDLE);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.ask(true));
  }

  /** Draw soon; `now` for what a person has just done. */
  ask(now = false) {
    if (this.#asked && !now) return;
    this.#asked = true;
    const wait = now ? 0 : Math.max(0, this.#last + APART - performance.now());
    setTimeout(() => requestAnimationFrame(() => this.#frame()), wait);
  }

  #frame() {
    if (!this.#asked) return;
    this.#asked = false;
    this.#last = performance.now();
    this.draw();
  }
}
