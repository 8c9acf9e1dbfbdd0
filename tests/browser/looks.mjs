// How pages look, and whom they leave out: axe-core, widths, colours, the keyboard, paper, no scripts.
import assert from "node:assert/strict";

import { end, open, place, program, signIn, within } from "./driver.mjs";

const { runs } = await program("history");
/** Every page, by what it is called here; long ones narrowed. */
const PAGES = {
  overview: "/",
  run: `/runs/${runs[3].run_id}`,
  payload: "/payload?q=counts.issues",
  "payload now": "/payload?fresh=1&q=counts.issues",
  dictionary: "/dictionary?q=epics",
  metric: "/dictionary/counts.milestones?plan=1",
  "failing metric": `/dictionary/${place.absent}`,
  slowest: "/slowest",
  weeks: `/weeks?from=${runs[3].run_id}&to=${runs[2].run_id}&factor=1.3`,
  consent: "/consent",
  events: "/events",
  session: "/session",
  nowhere: "/runs/none",
};
/** What is long, and would only take longer at all sizes. */
const LONG = { "whole payload": "/payload", "whole dictionary": "/dictionary" };
const ALL = [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]];
const NARROW = [[390, "light"]];
const TWO = [[1280, "light"], [390, "dark"]];
/** A sheet of A4 in the browser's pixels, less its margins. */
const PAPER = 720;

const session = await signedIn();
for (const [name, path] of Object.entries(PAGES)) {
  await looked(name, path, ALL);
}
for (const [name, path] of Object.entries(LONG)) {
  await looked(name, path, NARROW);
}
await looked("of metrics that are held back", `${place.explicit}/consent`, NARROW);

await within({ axe: true, session }, "axe-core finds nothing on what was measured now", async (page) => {
  await page.goto("/dictionary/counts.issues");
  await page.getByRole("button", { name: "Run now" }).click();
  await page.getByRole("region", { name: "Measured now" }).waitFor();
  await accessible(page, TWO);
});

await within({}, "dark is dark", async (page) => {
  await page.goto("/");
  const light = await lightness(page);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.ok(light > 200 && (await lightness(page)) < 50);
});

await within({}, "the first key leads past the navigation", async (page) => {
  await page.goto("/dictionary?q=epics");
  await page.keyboard.press("Tab");
  const skip = page.locator(":focus");
  assert.equal(await skip.innerText(), "Skip to the content");
  assert.ok((await skip.boundingBox()).x >= 0);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)));
});

await within({}, "one signs in and measures by keyboard alone", async (page) => {
  await page.goto("/session?next=/dictionary/counts.issues");
  await page.keyboard.type(place.admin);
  await page.keyboard.press("Enter");
  await page.waitForURL(({ pathname }) => pathname === "/dictionary/counts.issues");
  await tabTo(page, "Run now");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Measured now" }).waitFor();
  await tabTo(page, "The values");
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: /^The last \d+ runs/ }).waitFor();
});

await end();

/** One page in every way: sizes and colours, keyboard, paper, without scripts; with an empty console. */
async function looked(name, path, ways) {
  const options = { session: name === "session" ? undefined : session };
  const isNowhere = name === "nowhere";
  let text;
  await within({ ...options, axe: true }, `the page ${name}`, async (page, window) => {
    await page.goto(path);
    if (name === "events") await page.getByText("Connected: events appear as they come.").waitFor();
    text = await said(page);
    await accessible(page, ways);
    if (ways === ALL) await reachable(page);
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: PAPER, height: 900 });
    assert.deepEqual(await unseen(page), [], "on paper");
    assert.deepEqual(await tooWide(page), [], "on paper");
    if (isNowhere) window.told.splice(0);
  });
  await within({ ...options, script: false }, `the page ${name} without scripts`, async (page, window) => {
    await page.goto(path);
    assert.equal(await said(page), text);
    if (isNowhere) window.told.splice(0);
  });
}

/** axe-core finds nothing, and the page does not scroll sideways, at each size and in each colour. */
async function accessible(page, ways) {
  for (const [width, colorScheme] of ways) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await tooWide(page), [], `${width}`);
    assert.deepEqual(await violations(page), [], `${width} ${colorScheme}`);
  }
}

/** The tabulator reaches all that can be used, in its order, and shows where it is. */
async function reachable(page) {
  const wanted = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")];
    globalThis.reachable = all.filter((one) => one.checkVisibility());
    // Where this was is where the keyboard starts.
    const top = document.createElement("span");
    top.tabIndex = -1;
    document.body.prepend(top);
    top.focus();
    top.remove();
    return globalThis.reachable.map((one) => one.outerHTML.slice(0, 80));
  });
  const reached = [];
  for (const _ of wanted) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      const isShown = outlineStyle !== "none" && outlineWidth !== "0px";
      return isShown ? globalThis.reachable.indexOf(document.activeElement) : "not shown";
    }));
  }
  assert.deepEqual(reached, wanted.map((_, index) => index), wanted.join("\n"));
}

function violations(page) {
  return page.evaluate(async () => {
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`);
  });
}

/** What reaches beyond the page's right edge, if the page scrolls sideways. */
function tooWide(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const all = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > clientWidth);
    return [`${scrollWidth} > ${clientWidth}`, ...all.map((one) => one.outerHTML.slice(0, 100))];
  });
}

/** Texts of the content that cannot be read, but for what paper does not need. */
function unseen(page) {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
      const { parentElement: parent, data } = walker.currentNode;
      if (data.trim() === "" || parent.closest("form, button, a.button, summary, .back, svg, [hidden]")) continue;
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const { width, height } = range.getBoundingClientRect();
      const holder = parent.closest(".wide, pre");
      const isCut = holder !== null && getComputedStyle(holder).overflowX !== "visible" && holder.scrollWidth > holder.clientWidth;
      if (!parent.checkVisibility() || width === 0 || height === 0 || isCut) texts.push(data.slice(0, 80));
    }
    const plots = [...document.querySelectorAll("svg.plot")];
    if (plots.length > 0 && !plots.some((plot) => plot.checkVisibility())) texts.push("a plot");
    return texts;
  });
}

/** The state of a browser in which somebody is signed in. */
async function signedIn() {
  const { page, context, close } = await open();
  await signIn(page, place.admin);
  const state = await context.storageState();
  await close();
  return state;
}

/** What the content says, but for what a moment changes. */
async function said(page) {
  const text = await page.getByRole("main").innerText();
  return text.replace(/\d+ (s|min|h|days)\b/g, "").replace(/^(Connected: .*|Reload the page .*)$/m, "");
}

function lightness(page) {
  return page.evaluate(() => {
    const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
    return (red + green + blue) / 3;
  });
}

async function tabTo(page, text) {
  for (let key = 0; key < 100; key += 1) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement.textContent)) === text) return;
  }
  throw new Error(`100 keys do not reach ${text}`);
}
