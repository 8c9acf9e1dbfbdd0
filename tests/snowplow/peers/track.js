// Snowplow's own tracker for Node sends the two events of the first argument's file to the collector of the second. Modules
// are looked for in the folder that NODE_PATH names.
const fs = require("fs");
const { newTracker, buildStructEvent, buildSelfDescribingEvent } = require("@snowplow/node-tracker");

const events = JSON.parse(fs.readFileSync(process.argv[2], "utf-8"));
const tracker = newTracker(
  { namespace: "gl", appId: "tests", encodeBase64: true },
  { endpoint: process.argv[3], eventMethod: "post", bufferSize: 2 },
);
const { usage, custom } = events;
tracker.track(
  buildStructEvent({ category: usage.category, action: usage.action, label: usage.label, value: usage.value }),
  [{ schema: usage.schema, data: usage.data }],
);
tracker.track(buildSelfDescribingEvent({ event: { schema: custom.schema, data: custom.data } }));
tracker.flush();
