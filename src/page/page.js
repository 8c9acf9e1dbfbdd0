// What pages do by themselves. Everything works without it: searches are forms, and lists are whole.
"use strict";

// A field that narrows a list on the same page: <input data-narrows="id">. A list that was searched already is not whole: there
// the form searches anew.
for (const field of document.querySelectorAll("input[data-narrows]")) {
  if (field.defaultValue) continue;
  const list = document.getElementById(field.dataset.narrows);
  const count = document.getElementById(field.dataset.narrows + "-count");
  const rows = list ? [...list.children] : [];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const narrow = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, place) => {
      const fits = words.every((word) => texts[place].includes(word));
      if (row.hidden === fits) row.hidden = !fits;
      if (fits) shown += 1;
    });
    if (count) count.textContent = `${shown} of ${count.dataset.of}`;
  };
  field.addEventListener("input", narrow);
  if (field.value) narrow();
}

// "/" goes to the page's search.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  const field = document.querySelector("input[type=search]");
  if (field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

// Events as they come: <tbody data-stream="/address">, a row an event.
for (const body of document.querySelectorAll("[data-stream]")) {
  const status = document.getElementById("stream-status");
  const say = (text) => {
    if (status) status.textContent = text;
  };
  const stream = new EventSource(body.dataset.stream);
  stream.addEventListener("open", () => say("Connected: events appear as they come."));
  stream.addEventListener("error", () => say("The connection broke; it is tried again."));
  stream.addEventListener("tracked", (message) => {
    const seen = JSON.parse(message.data);
    const row = document.createElement("tr");
    for (const text of [seen.at, seen.event, seen.kind, seen.result]) {
      const cell = document.createElement("td");
      cell.textContent = text;
      row.append(cell);
    }
    body.prepend(row);
    while (body.children.length > 200) body.lastElementChild.remove();
    const none = document.getElementById("stream-none");
    if (none) none.hidden = true;
  });
}
