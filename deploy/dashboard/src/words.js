// Numbers and times as people read them.

const DASH = "–";

/** Compares names as people sort them: desk 2 before desk 10. One collator: `localeCompare` makes one each time. */
export const natural = new Intl.Collator("en", { numeric: true }).compare;

/** 4.2; a dash for what is not known. */
export const decimal = (value, digits = 1) => (value === null || value === undefined ? DASH : value.toFixed(digits));

export const celsius = (value) => (value === null || value === undefined ? DASH : `${Math.round(value)} °C`);

export const percent = (share, digits = 0) =>
  share === null || share === undefined ? DASH : `${(100 * share).toFixed(digits)} %`;

export const milliseconds = (value) => (value === null || value === undefined ? DASH : `${Math.round(value)} ms`);

export const count = (value) => value.toLocaleString("en");

export function megabytes(octets) {
  if (octets === null || octets === undefined) return DASH;
  return octets < 1e9 ? `${Math.round(octets / 1e6)} MB` : `${(octets / 1e9).toFixed(1)} GB`;
}

/** A length of time: 0:42, 12:05, 3 h 20 min, 4 d 3 h. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return DASH;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 3600) return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** Seconds from an ISO time until `now` (ms). */
export const elapsed = (iso, now) => (iso ? (now - Date.parse(iso)) / 1000 : null);

/** How long ago, in the shortest words: now, 40 s, 5 min, 3 h, 2 d. */
export function ago(iso, now) {
  const seconds = elapsed(iso, now);
  if (seconds === null || Number.isNaN(seconds)) return "";
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const CLOCK_SECONDS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const clock = (time) => CLOCK.format(time);
export const clockSeconds = (iso) => (iso ? CLOCK_SECONDS.format(Date.parse(iso)) : DASH);
export const dayTime = (iso) => (iso ? DAY.format(Date.parse(iso)) : DASH);

/** The user of a SIP address: sip:201@a.example is 201. */
export const party = (uri) => (uri ?? "").replace(/^sips?:/, "").replace(/@.*$/, "") || DASH;

/** The far end of a call. */
export const farEnd = (call) => (call ? party(call.direction === "OUTGOING" ? call.dest : call.src) : DASH);

/** call_terminated is "call terminated". */
export const spoken = (name) => name.replaceAll("_", " ");
