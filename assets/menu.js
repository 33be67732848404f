// On a phone the menu of pages lies over the page; once a page was chosen it has done its work, so it goes.
// Streamlit calls the default export again at every change of data: here, when another page is drawn. At the first call the
// address tells whether a page was chosen: whoever is quick opens the menu before the first page is drawn, and it must not go
// from under the hand, or chooses from it too, and then it must.

export default function ({ data }) {
  if (data.bring) bring(data);
  const before = globalThis.boltzmannPage ?? (moved() ? null : data.page);
  globalThis.boltzmannPage = data.page;
  if (before === data.page || innerWidth >= 768) return;
  const menu = document.querySelector('[data-testid="stSidebar"][data-collapsed="false"]');
  menu?.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}

// Whether the address is another than the one the browser was sent to: Streamlit changes it without loading anything.
function moved() {
  const [loaded] = performance.getEntriesByType("navigation");
  return new URL(loaded.name).pathname !== location.pathname;
}

// Scroll to an element of the page, once its script has drawn all that stands above it; not if another page came meanwhile.
function bring(data) {
  if (document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning") {
    setTimeout(() => (globalThis.boltzmannPage ?? data.page) === data.page && bring(data), 100);
    return;
  }
  document.querySelector(`.st-key-${data.bring}`)?.scrollIntoView({ block: "nearest" });
}
