// A button that brings a file. It looks like Streamlit's own; its address outlives the runs of the script.
// Streamlit calls the default export again at every change of data.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".download");
  if (!root.firstChild) build(root);
  const [button, problem] = root.children;
  button.title = data.about;
  button.lastChild.textContent = data.label;
  button.onclick = () => bring(data, button, problem);
}

function build(root) {
  const button = Object.assign(document.createElement("button"), { type: "button" });
  const icon = Object.assign(document.createElement("span"), { className: "icon", textContent: "download" });
  icon.ariaHidden = "true";
  button.append(icon, document.createElement("span"));
  const problem = Object.assign(document.createElement("div"), { className: "problem" });
  problem.role = "alert";
  root.append(button, problem);
}

async function bring({ address, name }, button, problem) {
  button.disabled = true; // while the file is being made
  problem.textContent = "";
  try {
    const answer = await fetch(new URL(address, location.href)); // beside the page, wherever the app is mounted
    if (answer.ok) save(await answer.blob(), name);
    else problem.textContent = answer.status < 500 ? await answer.text() : _("The file could not be made; the server's log says why.");
  } catch {
    problem.textContent = _("The server could not be reached. Try again when the page is connected.");
  } finally {
    button.disabled = false;
  }
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it a little later
}
