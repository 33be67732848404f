// A button that brings a file, or copies a text. It looks like Streamlit's own; a file's address outlives the runs of the script.
// Streamlit calls the default export again at every change of data.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".download");
  if (!root.firstChild) build(root);
  const [button, problem] = root.children;
  button.title = data.about;
  button.firstChild.textContent = data.copied ? "link" : "download";
  button.disabled = !data.address;
  if (!button.dataset.done) button.lastChild.textContent = data.label;
  button.onclick = () => bring(data, button, problem);
}

function build(root) {
  const button = Object.assign(document.createElement("button"), { type: "button" });
  const icon = Object.assign(document.createElement("span"), { className: "icon" });
  icon.ariaHidden = "true";
  button.append(icon, Object.assign(document.createElement("span"), { ariaLive: "polite" }));
  const problem = Object.assign(document.createElement("div"), { className: "problem" });
  problem.role = "alert";
  root.append(button, problem);
}

async function bring({ address, name, copied, label }, button, problem) {
  button.disabled = true; // while the file is being made
  problem.textContent = "";
  try {
    const answer = await fetch(new URL(address, location.href)); // beside the page, wherever the app is mounted
    if (answer.ok && copied) await copy(await answer.text(), copied, label, button);
    else if (answer.ok) save(await answer.blob(), name);
    else problem.textContent = answer.status < 500 ? await answer.text() : _("The file could not be made; the server's log says why.");
  } catch {
    problem.textContent = _("The server could not be reached. Try again when the page is connected.");
  } finally {
    button.disabled = false;
  }
}

async function copy(text, copied, label, button) {
  if (!(await onClipboard(text))) {
    prompt(label, text); // to be copied by hand
    return;
  }
  button.dataset.done = "yes";
  button.lastChild.textContent = copied;
  setTimeout(() => {
    delete button.dataset.done;
    button.lastChild.textContent = label;
  }, 2000);
}

// Browsers open the clipboard to pages of this machine and of https alone; in a class's network the older way is left.
async function onClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it a little later
}
