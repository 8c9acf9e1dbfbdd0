// Renews docs/screenshots/: SERVICE_PING_SCREENSHOTS=1 with this test.
import { fileURLToPath } from "node:url";

import { check, end, open, place, signIn } from "./driver.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const PAGES = {
  overview: "/",
  metric: "/dictionary/counts.issues",
  payload: "/payload?q=counts.issues",
};

for (const [width, height] of [[1280, 900], [390, 844]]) {
  await check(`screenshots ${width} pixels wide`, async () => {
    const { page, close } = await open({ width, height });
    await signIn(page, place.admin);
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(path);
      await page.screenshot({ path: `${FOLDER}${name}-${width}.png` });
    }
    await close();
  });
}

await end();
