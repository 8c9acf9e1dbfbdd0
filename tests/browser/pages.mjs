// Every page: what stands there, what its controls do, who may use them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { check, end, increment, open, place, printed, program, signIn, within } from "./driver.mjs";

const { runs } = await program("history");
const EVENT = "web_ide_terminals_count";
const rows = (page, caption) => page.getByRole("table", { name: caption }).locator("tbody tr:visible");
const main = (page) => page.getByRole("main");
/** What a list says of how much of it is shown. */
const count = async (page) => (await page.getByRole("status").innerText()).split(" of ").map(Number);
const metric = (key) => program("metric", key);

await within({}, "the overview has failures with reason and advice, and the runs", async (page) => {
  await page.goto("/");
  const failure = page.getByRole("region", { name: "missing_table" });
  for (const text of ["1 metric", "no such table: parcels", "migrations"]) {
    await failure.getByText(text).first().waitFor();
  }
  assert.equal(await failure.getByRole("link").innerText(), place.absent);
  assert.equal(await rows(page, "The newest runs").count(), runs.length);
  const newest = rows(page, "The newest runs").first();
  assert.match(await newest.innerText(), /waits[\s\S]*cannot be reached/);
  assert.equal(await newest.getByRole("rowheader").innerText(), minute(runs[0].recorded_at));
  assert.match(await main(page).locator(".facts").innerText(), /Next run\s+\d{4}-[\s\S]*Waits to be sent\s+1 payload,/);
});

await within({}, "a run says what it had of each source and what failed", async (page) => {
  await page.goto("/");
  const failing = rows(page, "The newest runs").nth(3);
  await failing.getByRole("link").click();
  await page.waitForURL(`**/runs/${runs[3].run_id}`);
  assert.match(await rows(page, "What each source was asked").first().innerText(), /database\.main\s+yes/);
  const fell = await rows(page, "Metrics that fell back").allInnerTexts();
  // Of what the day of the test makes of the sample's events, an intersection may be told as unreliable.
  const inexact = await rows(page, "Metrics whose value is not exact").allInnerTexts();
  assert.equal(fell.length + inexact.length, runs[3].with_reason);
  assert.ok(inexact.every((row) => /unreliable|binned/.test(row)), inexact.join("\n"));
  assert.ok(fell.some((row) => /^counts\.milestones\s+-1\s+missing_table/.test(row)), fell.join("\n"));
  await page.getByRole("link", { name: "← Overview" }).click();
  await page.waitForURL("**/");
});

await within({}, "the payload is searched as one types, and downloaded to the byte", async (page) => {
  await page.goto("/payload");
  const [shown, all] = await count(page);
  assert.ok(shown === all && all > 800, `${shown} of ${all}`);
  await page.getByLabel("Search keys and values").fill("counts.issues 9");
  const found = await rows(page, "Every leaf of the payload").allInnerTexts();
  assert.ok(found.length > 0 && found.length < all && found.every((row) => row.includes("counts.issues")), found.join("\n"));
  assert.deepEqual(await count(page), [found.length, all]);
  await page.getByLabel("Search keys and values").fill("");
  assert.deepEqual(await count(page), [all, all]);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
  const bytes = await readFile(await download.path(), "utf8");
  assert.equal(bytes, await printed("preview", "--last"));
  assert.equal(download.suggestedFilename(), "payload.json");
});

await within({ script: false }, "without scripts the payload is searched by its form", async (page) => {
  await page.goto("/payload");
  const all = await rows(page, "Every leaf of the payload").count();
  await page.getByLabel("Search keys and values").fill("counts.issues");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL("**/payload?q=counts.issues");
  const found = await rows(page, "Every leaf of the payload").allInnerTexts();
  assert.ok(found.length > 0 && found.length < all && found.every((row) => row.includes("counts.issues")), found.join("\n"));
  assert.deepEqual(await count(page), [found.length, all]);
});

await within({}, "with scripts, what a form has searched is said alike, and searched anew by it", async (page) => {
  await page.goto("/payload?q=counts.issues");
  const [found, all] = await count(page);
  assert.ok(found > 0 && found < all, `${found} of ${all}`);
  await page.getByLabel("Search keys and values").fill("uuid");
  assert.deepEqual(await count(page), [found, all]);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/payload?q=uuid");
  assert.deepEqual(await count(page), [1, all]);
});

await within({}, "the payload as it would leave now", async (page) => {
  await page.goto("/payload");
  await page.getByRole("link", { name: "As it would leave now" }).click();
  await page.waitForURL("**/payload?fresh=1");
  assert.match(await main(page).innerText(), /which run sends to http:/);
  const head = page.getByRole("rowheader", { name: "counts.issues", exact: true });
  const row = rows(page, "Every leaf of the payload").filter({ has: head });
  assert.equal(await row.getByRole("cell").innerText(), String((await metric("counts.issues")).value));
  await page.getByLabel("Search keys and values").fill("uuid");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL("**/payload?fresh=1&q=uuid");
  await page.getByRole("link", { name: "The last run's" }).click();
  await page.waitForURL("**/payload");
});

await within({}, "the dictionary is searched, by the key / as well, and filtered by each field", async (page) => {
  const metrics = place.dictionary;
  await page.goto("/dictionary");
  const items = main(page).locator("#metrics > li:visible");
  const [, all] = await count(page);
  assert.equal(all, metrics.length);
  await page.keyboard.press("/");
  await page.keyboard.type("epics weekly");
  assert.equal(await page.getByLabel("Search").inputValue(), "epics weekly");
  const wanted = metrics.filter(({ key_path, description }) =>
    ["epics", "weekly"].every((word) => `${key_path} ${description}`.toLowerCase().includes(word)));
  assert.ok((await items.count()) >= wanted.length && wanted.length > 0 && (await items.count()) < all);
  for (const [label, field] of [["Status", "status"], ["Time frame", "time_frame"], ["Source", "data_source"], ["Category", "data_category"]]) {
    await page.goto("/dictionary");
    const choices = (await page.getByLabel(label).locator("option").allInnerTexts()).slice(1);
    assert.deepEqual(choices, [...new Set(metrics.map((one) => one[field]))].sort(), label);
    const rarest = choices.sort((one, other) => having(metrics, field, one) - having(metrics, field, other))[0];
    await page.getByLabel(label).selectOption(rarest);
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForURL(`**/dictionary?*${field}=${rarest}*`);
    assert.equal((await count(page))[0], having(metrics, field, rarest), `${label} ${rarest}`);
    assert.equal(await page.getByLabel(label).inputValue(), rarest);
  }
});

await within({}, "a metric has its meaning, its plots with a gap where it failed, its reason and its plan", async (page) => {
  await page.goto("/dictionary/counts.milestones");
  assert.match(await main(page).innerText(), /Milestones of projects and groups/);
  const values = page.getByRole("img", { name: /^Value over the runs/ });
  assert.equal(await values.count(), 1);
  assert.equal(await values.locator("circle").count(), runs.length - 1);
  assert.equal(await values.locator("polyline").count(), 2);
  assert.match(await values.locator(".gap").innerHTML(), /missing_table/);
  assert.equal(await page.getByRole("img", { name: /^Time over the runs/ }).locator("circle").count(), runs.length);
  await page.getByText("The values", { exact: true }).click();
  assert.equal(await rows(page, /^The last \d+ runs/).count(), runs.length);
  assert.match(await main(page).innerText(), /Last without its own value at .*missing_table[\s\S]*migrations/);
  assert.match(await main(page).innerText(), /SELECT COUNT\("milestones"\."id"\) FROM "milestones"/);
  assert.equal(await page.getByRole("heading", { name: "Plan" }).count(), 0);
  await page.getByRole("link", { name: "Show the plan" }).click();
  assert.match(await page.locator("pre", { hasText: "verdict" }).innerText(), /SEARCH on milestones/);
});

await within({}, "who is not signed in, or may only read, runs nothing; whoever may, sees what the program says", async (page) => {
  await page.goto("/dictionary/counts.issues");
  assert.equal(await page.getByRole("button", { name: "Run now" }).count(), 0);
  await main(page).getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("Token").fill(place.reader);
  await main(page).getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(({ pathname }) => pathname === "/dictionary/counts.issues");
  assert.equal(await page.getByRole("button", { name: "Run now" }).count(), 0);
  await signOut(page);
  await signIn(page, place.admin);
  await page.goto("/dictionary/counts.issues");
  await page.getByRole("button", { name: "Run now" }).click();
  const { value } = await metric("counts.issues");
  assert.equal(await page.getByRole("region", { name: "Measured now" }).locator("strong").innerText(), String(value));
  await page.goto(`/dictionary/${place.absent}`);
  await page.getByRole("button", { name: "Run now" }).click();
  assert.match(await page.getByRole("region", { name: "Measured now" }).innerText(), /-1[\s\S]*missing_table/);
});

await within({}, "the slowest metrics and the time of each source", async (page) => {
  await page.goto("/slowest");
  const sources = await rows(page, "Sources of the last run").getByRole("rowheader").allInnerTexts();
  assert.deepEqual(sources.sort(), ["database.main", "event_store"]);
  const times = (await rows(page, "The slowest metrics of the last run").locator("td.number").allInnerTexts()).map(milliseconds);
  assert.equal(times.length, 25);
  assert.deepEqual(times, [...times].sort((one, other) => other - one));
  const widths = await rows(page, "The slowest metrics of the last run").locator("rect").evaluateAll((all) => all.map((bar) => bar.width.baseVal.value));
  assert.equal(widths[0], 100);
  assert.equal(await page.getByRole("img", { name: /^How long runs took/ }).locator("circle").count(), runs.length);
});

await within({}, "weeks are compared as chosen", async (page) => {
  await page.goto("/weeks");
  assert.deepEqual(await compared(page, runs[1], runs[0], 2), await page.getByRole("heading", { level: 2 }).allInnerTexts());
  await page.getByRole("combobox", { name: "From", exact: true }).selectOption(runs[3].run_id);
  await page.getByRole("combobox", { name: "To", exact: true }).selectOption(runs[2].run_id);
  await page.getByLabel("Changed by more than a factor of").fill("1.1");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.waitForURL("**/weeks?*factor=1.1*");
  const headings = await page.getByRole("heading", { level: 2 }).allInnerTexts();
  assert.deepEqual(headings, await compared(page, runs[3], runs[2], 1.1));
  assert.ok(headings.some((heading) => heading.startsWith("Has a value again: ")), headings.join());
  assert.equal(await rows(page, "Has a value again").filter({ hasText: "counts.milestones" }).count() > 0, true);
});

await within({}, "consent counts metrics by category", async (page) => {
  await page.goto("/consent");
  const numbers = await rows(page, "Metrics by category, and how they stand").locator("td").allInnerTexts();
  const { metrics } = await program("consent", "show");
  assert.equal(numbers.map(Number).reduce((sum, number) => sum + number), metrics.length);
});

await within({}, "events appear as they are tracked", async (page) => {
  await page.goto("/events");
  await page.getByText("Connected: events appear as they come.").waitFor();
  const before = await rows(page, "The newest events, newest first").count();
  await increment(EVENT);
  const newest = rows(page, "The newest events, newest first").first();
  await newest.filter({ hasText: EVENT }).waitFor();
  assert.equal(await rows(page, "The newest events, newest first").count(), before + 1);
  assert.equal(await page.getByText("None yet.").isVisible(), false);
});

await within({ script: false }, "without scripts events are seen by reloading", async (page) => {
  await page.goto("/events");
  const rows = page.getByRole("table", { name: "The newest events, newest first" }).locator("tbody tr");
  const before = await rows.count();
  await increment(EVENT);
  await page.reload();
  assert.equal(await rows.count(), before + 1);
});

await check("a wrong token signs nobody in, a right one does, until one signs out", async () => {
  const { page, told, close } = await open();
  await signIn(page, `${place.admin.slice(0, -1)}x`);
  await page.getByRole("alert").filter({ hasText: "not known" }).waitFor();
  await page.goto("/");
  assert.equal(await page.getByRole("button", { name: "Sign out" }).count(), 0);
  // A browser says so of every answer of this kind.
  assert.ok(told.length === 1 && told[0].includes("401"), told.join("\n"));
  await signIn(page, place.admin);
  await signOut(page);
  await page.goto("/dictionary/counts.issues");
  assert.equal(await page.getByRole("button", { name: "Run now" }).count(), 0);
  assert.equal(told.length, 1, told.join("\n"));
  await close();
});

await check("a page that is not there says so as a page", async () => {
  const { page, close } = await open();
  for (const path of ["/runs/none", "/dictionary/counts.none"]) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 404);
    await page.getByRole("alert").waitFor();
  }
  await close();
});

await end();

async function signOut(page) {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "Sign in" }).waitFor();
}

function minute(instant) {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}

function milliseconds(text) {
  const [number, unit] = text.split(" ");
  return Number(number) * { ms: 1, s: 1000, min: 60_000 }[unit];
}

function having(metrics, field, value) {
  return metrics.filter((metric) => metric[field] === value).length;
}

/** The headings that a comparison has, as `diff` says. */
async function compared(page, from, to, factor) {
  const difference = await program("diff", from.run_id, to.run_id, "--factor", String(factor));
  const parts = [["Newly failing", "newly_failing"], ["Has a value again", "recovered"], ["Changed", "changed"], ["New", "new"], ["Gone", "gone"]];
  return parts.filter(([, part]) => difference[part].length > 0).map(([heading, part]) => `${heading}: ${difference[part].length}`);
}
