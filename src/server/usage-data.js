// Tracking from a product's own pages. An ES module:
//
//   import { trackRedisCounterEvent, trackRedisHllUserEvent } from "/assets/usage-data.js";
//
// Each answers a promise of whether the API answered 200, which it also does to an event that no definition has, and neither
// throws nor rejects: a page never suffers from what it counts. The CSRF token is that of <meta name="csrf-token"> or of configure(). Where the page is of another path or origin
// than the API, configure({ base }) says where that is.

const settings = { base: "", csrfToken: undefined, fetch: undefined };

/** Says where the API is, or which CSRF token is sent; what is not named stays as it is. */
export function configure(changes) {
  try {
    Object.assign(settings, changes);
  } catch {
    // Whatever it was, it changes nothing.
  }
}

/** Raises a plain counter by one. */
export function trackRedisCounterEvent(name) {
  return post("increment_counter", name);
}

/** Counts the signed-in user once. */
export function trackRedisHllUserEvent(name) {
  return post("increment_unique_users", name);
}

async function post(operation, event) {
  try {
    if (typeof event !== "string" || event === "") return false;
    const send = settings.fetch ?? globalThis.fetch;
    const response = await send(`${settings.base}/api/v4/usage_data/${operation}`, {
      method: "POST",
      credentials: "same-origin",
      // The page may be left meanwhile.
      keepalive: true,
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken() },
      body: JSON.stringify({ event }),
    });
    return response.ok;
  } catch {
    return false;
  }
}

function csrfToken() {
  return settings.csrfToken ?? document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}
