// The helper module in a page of a product's own, behind a proxy that signs its users in; and in a page of `serve`.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer, request } from "node:http";

import { check, end, open, place, printed, program, signIn, until } from "./driver.mjs";

const EVENT = "source_code_pushes";
const USERS = "users_opening_pages";

/** Who looks at the product; a test sets it. */
let user = "7";
const product = await listening();

await check("with the page's own token the counter rises by one", async () => {
  const before = await counted();
  await onProduct(async (page) => {
    assert.equal(await page.evaluate((event) => globalThis.helper.trackRedisCounterEvent(event), EVENT), true);
    await until("the counter", counted, (now) => now === before + 1);
  });
});

await check("with a wrong token, or none, nothing is counted and nothing thrown", async () => {
  const before = await counted();
  await onProduct(async (page) => {
    const taken = await page.evaluate(async (event) => {
      const { configure, trackRedisCounterEvent, trackRedisHllUserEvent } = globalThis.helper;
      configure({ csrfToken: "wrong" });
      const wrong = [await trackRedisCounterEvent(event), await trackRedisHllUserEvent("users_opening_pages")];
      configure({ csrfToken: undefined });
      document.querySelector("meta[name=csrf-token]").remove();
      return [...wrong, await trackRedisCounterEvent(event)];
    }, EVENT);
    assert.deepEqual(taken, [false, false, false]);
  }, 3);
  // Events are written in their order: had one been taken, it would have been counted before this one.
  await onProduct((page) => page.evaluate((event) => globalThis.helper.trackRedisCounterEvent(event), EVENT));
  assert.equal(await until("the counter", counted, (now) => now > before), before + 1);
});

await check("a user is counted once, another one besides", async () => {
  for (const name of ["7", "7", "8"]) {
    user = name;
    await onProduct(async (page) => {
      assert.equal(await page.evaluate((event) => globalThis.helper.trackRedisHllUserEvent(event), USERS), true);
    });
  }
  await until("two users", uniqueUsers, (now) => now === 2);
});

await check("names that are none and a server that is not there throw nothing", async () => {
  await onProduct(async (page) => {
    const taken = await page.evaluate(async (closed) => {
      const { configure, trackRedisCounterEvent, trackRedisHllUserEvent } = globalThis.helper;
      const results = [];
      for (const name of [undefined, null, 7, {}, ""]) {
        results.push(await trackRedisCounterEvent(name), await trackRedisHllUserEvent(name));
      }
      configure(null);
      configure({ base: closed });
      results.push(await trackRedisCounterEvent("source_code_pushes"), await trackRedisHllUserEvent("users_opening_pages"));
      configure({ fetch: () => { throw new Error("planted"); } });
      results.push(await trackRedisCounterEvent("source_code_pushes"));
      return results;
    }, await closedAddress());
    assert.deepEqual(taken, new Array(13).fill(false));
  }, Infinity);
});

await check("in a page of serve, whoever is signed in is counted, others are not", async () => {
  const { page, told, close } = await open();
  const both = () => page.evaluate(async ([event, users]) => {
    const helper = await import("/assets/usage-data.js");
    return [await helper.trackRedisCounterEvent(event), await helper.trackRedisHllUserEvent(users)];
  }, [EVENT, USERS]);
  const before = await counted();
  await page.goto("/events");
  assert.deepEqual(await both(), [false, false]);
  assert.ok(told.length === 2 && told.every((line) => line.includes("401")), told.join("\n"));
  await signIn(page, place.tracker);
  // Leaving the page ended the answers of before, which nobody had read to their end.
  told.splice(0);
  await page.goto("/events");
  assert.deepEqual(await both(), [true, true]);
  assert.deepEqual(told, []);
  assert.equal(await until("the counter", counted, (now) => now > before), before + 1);
  await until("three users", uniqueUsers, (now) => now === 3);
  await close();
});

product.server.close();
await end();

async function counted() {
  return (await program("metric", "counts.pushes")).value;
}

async function uniqueUsers() {
  const day = (hence) => new Date(Date.now() + hence * 86_400_000).toISOString().slice(0, 10);
  return Number((await printed("events", "unique", USERS, "--from", day(-1), "--to", day(1))).trim());
}

/** Opens a page of the product. Whatever it throws fails; `refusals` lines of the console may tell of refused requests. */
async function onProduct(attempt, refusals = 0) {
  const { page, told, close } = await open();
  await page.goto(product.url);
  await page.waitForFunction(() => globalThis.helper !== undefined);
  await attempt(page);
  const errors = told.filter((line) => line.startsWith("error: "));
  assert.deepEqual(errors, [], "uncaught errors");
  assert.ok(told.length <= refusals, told.join("\n"));
  await close();
}

/** A product: a page of its own with the token that `serve` gives for its user, and a way through to `serve`. */
async function listening() {
  const server = createServer(async (incoming, outgoing) => {
    if (incoming.url === "/") {
      const { csrf_token } = JSON.parse(await text(forward("GET", "/usage_data/csrf_token", {})));
      outgoing.setHeader("Content-Type", "text/html");
      outgoing.end(`<!doctype html><html lang="en"><head><title>A product</title><link rel="icon" href="data:,">
        <meta name="csrf-token" content="${csrf_token}"><script type="module">
        import * as helper from "/assets/usage-data.js";
        globalThis.helper = helper;
        </script></head><body><p>A product's page.</p></body></html>`);
      return;
    }
    const { cookie, host, ...headers } = incoming.headers;
    const passed = forward(incoming.method, incoming.url, headers);
    incoming.pipe(passed);
    passed.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

/** A request to `serve` in the name of the product's user. */
function forward(method, path, headers) {
  const at = Math.floor(Date.now() / 1000);
  const code = createHmac("sha256", place.secret).update(`${method} ${path} ${at} ${user}`).digest("hex");
  return request(`${place.url}${path}`, { method, headers: { ...headers, "X-Service-Ping-User": `t=${at},u=${user},s=${code}` } });
}

function text(sent) {
  return new Promise((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", async (answer) => {
      let all = "";
      for await (const chunk of answer) all += chunk;
      resolve(all);
    });
    sent.end();
  });
}

/** An address at which nobody listens any more. */
async function closedAddress() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  await new Promise((resolve) => server.close(resolve));
  return url;
}
