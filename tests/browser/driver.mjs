// What the scripts share: a browser, pages that tell on themselves, and checks that are all tried before the script fails.
//
// The test hands over what it made in the file that PLACE names: where the tools are, where `serve` listens, the tokens, and
// how the program is run.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { promisify } from "node:util";

export const place = JSON.parse(readFileSync(process.env.PLACE, "utf8"));
const require = createRequire(`${place.tools}/`);
const { chromium } = require("playwright-core");
const AXE = require("axe-core").source;

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];
/** How long anything may take before it is given up. */
export const PATIENCE = 30_000;

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
const problems = [];

/** Tries one thing; what is wrong with it is told at the end, after all others were tried. */
export async function check(what, attempt) {
  const begun = performance.now();
  try {
    await attempt();
    console.log(`ok ${Math.round(performance.now() - begun)} ms  ${what}`);
  } catch (error) {
    problems.push(what);
    console.log(`NOT OK  ${what}\n${String(error.stack ?? error).replace(/^/gm, "    ")}`);
  }
}

/** A browser window of its own, which `told` knows the errors of: of scripts, of the console, and of the content policy. */
export async function open({ scheme = "light", width = 1280, height = 900, script = true, axe = false, session } = {}) {
  const context = await browser.newContext({
    baseURL: place.url,
    storageState: session,
    colorScheme: scheme,
    viewport: { width, height },
    javaScriptEnabled: script,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(PATIENCE);
  if (axe) await context.addInitScript(AXE);
  const page = await context.newPage();
  const told = [];
  page.on("pageerror", (error) => told.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) told.push(`console: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    // Whoever leaves a page leaves its stream.
    if (!request.url().endsWith("/events/stream")) told.push(`failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  return { context, page, told, close: () => context.close() };
}

/** Opens one window for one check, and holds it against what it told. */
export async function within(options, what, attempt) {
  await check(what, async () => {
    const window = await open(options);
    try {
      await attempt(window.page, window);
      if (window.told.length > 0) throw new Error(window.told.join("\n"));
    } finally {
      await window.close();
    }
  });
}

/** Signs in by the page, with a token. */
export async function signIn(page, token) {
  await page.goto("/session");
  await page.getByLabel("Token").fill(token);
  const answer = page.waitForResponse((response) => response.request().method() === "POST");
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await answer;
  await page.waitForLoadState();
}

/** What the program prints. */
export async function printed(...parameters) {
  const options = { maxBuffer: 1 << 26 };
  const { stdout } = await promisify(execFile)(place.program, ["--config", place.config, ...parameters], options);
  return stdout;
}

/** What the program answers as JSON. */
export async function program(...parameters) {
  return JSON.parse(await printed(...parameters, "--format", "json"));
}

/** Has an event counted as a program would, with the tracker's token. */
export async function increment(event) {
  const answer = await fetch(`${place.url}/api/v4/usage_data/increment_counter`, {
    method: "POST",
    headers: { Authorization: `Bearer ${place.tracker}`, "Content-Type": "application/json" },
    body: JSON.stringify({ event }),
  });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
}

/** Asks again until the answer is the one that is waited for; for what nothing announces. */
export async function until(what, ask, fits) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}; the last was ${JSON.stringify(answer)}`);
  }
}

/** Ends the browser and the script: with 1 where a check failed. */
export async function end() {
  await browser.close();
  if (problems.length > 0) console.log(`${problems.length} failed:\n  ${problems.join("\n  ")}`);
  process.exit(problems.length > 0 ? 1 : 0);
}
