// How good a call sounds, in words and classes. The steps are ITU-T G.107's user satisfaction, Annex B, rounded.

const STEPS = [
  [4.0, "good"],
  [3.6, "fair"],
  [3.1, "poor"],
  [0.0, "bad"],
];

/** "good", "fair", "poor" or "bad"; "none" for null. */
export function grade(mos) {
  return mos === null || mos === undefined ? "none" : STEPS.find(([least]) => mos >= least)[1];
}

const LOWEST = 1.0;
const BINS = 36; // of a tenth each, from 1.0 to 4.5

/** A number of MOS values whose mean and percentiles can be asked for; adding takes constant time and memory. */
export class Distribution {
  #bins = new Uint32Array(BINS);
  #sum = 0;
  count = 0;

  add(mos) {
    this.#bins[Math.max(0, Math.min(BINS - 1, Math.round((mos - LOWEST) * 10)))] += 1;
    this.#sum += mos;
    this.count += 1;
  }

  get mean() {
    return this.count ? this.#sum / this.count : null;
  }

  /** The value that `share` (0-1) of all are at most, to a tenth; null without any. */
  percentile(share) {
    if (!this.count) return null;
    let seen = 0;
    const index = this.#bins.findIndex((bin) => (seen += bin) >= share * this.count);
    return LOWEST + index / 10;
  }
}
