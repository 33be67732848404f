// Two small buttons over a picture that bring it as files: what is drawn as PNG (portrait.js), and its numbers as CSV.
// Joined in front of those that have them.

// ``rows``: the numbers, a list a row, the first the head; or the address of a file of them. ``parts``: what is drawn.
function files(root, { name, rows, parts = [root] }) {
  const place = root.querySelector(":scope > .files") ?? root.appendChild(Object.assign(document.createElement("div"), { className: "files" }));
  place.now = { name, rows, parts };
  if (!place.firstChild) {
    const drawn = async () => keep(await globalThis.boltzmannPortrait(place.now.parts), `${fileName(place.now.name)}.png`);
    const numbers = async () => keep(await csvOf(place.now.rows), `${fileName(place.now.name)}.csv`);
    place.append(fileButton("PNG", drawn), fileButton("CSV", numbers));
  }
  for (const button of place.children) button.setAttribute("aria-label", _("{kind}: {name}", { kind: button.textContent, name }));
}

function fileButton(kind, onclick) {
  return Object.assign(document.createElement("button"), { type: "button", className: "file", textContent: kind, onclick });
}

async function csvOf(rows) {
  if (typeof rows === "string") return (await fetch(new URL(rows, location.href))).blob(); // beside the page, wherever the app is mounted
  return new Blob([table(rows())], { type: "text/csv" });
}

const table = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

const cell = (value) => (/[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

const fileName = (name) => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");

function keep(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it a little later
}
