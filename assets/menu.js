// On a phone the menu of pages lies over the page; once a page was chosen it has done its work, so it goes.
// Streamlit calls the default export again at every change of data: here, when another page is drawn. The first page was
// not chosen from the menu: whoever is quick has opened it before that page is drawn, and it must not go from under the hand.

export default function ({ data }) {
  const before = globalThis.boltzmannPage;
  globalThis.boltzmannPage = data.page;
  if (before === undefined || before === data.page || innerWidth >= 768) return;
  const menu = document.querySelector('[data-testid="stSidebar"][data-collapsed="false"]');
  menu?.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
