// What the address says: #/ is the wall, #/units?show=… the table, #/unit/<site>/<unit> one of them.

export function route(hash = location.hash) {
  const [path, search = ""] = hash.replace(/^#/, "").split("?");
  const [, view, site, device] = path.split("/");
  if (view === "unit" && site && device) return { view, key: `${decodeURIComponent(site)}/${decodeURIComponent(device)}` };
  if (view === "units") return { view, query: Object.fromEntries(new URLSearchParams(search)) };
  return { view: "wall" };
}

export const wall = () => "#/";

/** The address of a query of the table; what is usual is left out. */
export function units(query) {
  const usual = { show: "all", order: "name" };
  const search = new URLSearchParams(Object.entries(query).filter(([name, value]) => value && value !== usual[name]));
  return search.size ? `#/units?${search}` : "#/units";
}
