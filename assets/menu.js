// On a phone the menu of pages lies over the page; once a page was chosen it has done its work, so it goes.
// Streamlit calls the default export again at every change of data: here, when another page is drawn.

export default function ({ data }) {
  const before = globalThis.boltzmannPage;
  globalThis.boltzmannPage = data.page;
  if (before === data.page || innerWidth >= 768) return; // at the first page the menu is closed already
  const menu = document.querySelector('[data-testid="stSidebar"][data-collapsed="false"]');
  menu?.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
