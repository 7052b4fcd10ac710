const plural = (n: number, one: string, many: string) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

function wait(seconds: number | null): string {
  if (seconds === null) return "a moment";
  if (seconds < 90) return plural(seconds, "second", "seconds");
  return plural(Math.ceil(seconds / 60), "minute", "minutes");
}

export const common = {
  product: "AccuNode",
  save: "Save",
  cancel: "Cancel",
  close: "Close",
  delete: "Delete",
  edit: "Edit",
  create: "Create",
  retry: "Try again",
  back: "Back",
  next: "Next",
  previous: "Previous",
  search: "Search",
  clear: "Clear",
  clearFilters: "Clear filters",
  filters: "Filters",
  all: "All",
  any: "Any",
  loading: "Loading",
  none: "None",
  optional: "optional",
  copy: "Copy",
  copied: "Copied",
  copyRefused: "The browser does not let this page copy. Select the text and copy it by hand.",
  active: "Active",
  inactive: "Switched off",
  nothing: {
    title: "Nothing matches",
    text: "Nothing fits all of the filters together. Loosen one, or clear them.",
    page: "There is nothing on this page any more",
    first: "To the first page",
  },
  more: "More actions",
  required: "This is needed.",
  export: "Export",
  exportCsv: "As CSV",
  exportXlsx: "As XLSX",
  pages: "Pages",
  page: (page: number, pages: number) => `Page ${page.toLocaleString("en")} of ${pages.toLocaleString("en")}`,
  rows: (from: number, to: number, total: number) =>
    `${from.toLocaleString("en")}–${to.toLocaleString("en")} of ${total.toLocaleString("en")}`,
  rowsPerPage: "Rows per page",
  closeMessage: "Dismiss message",
  messages: "Messages",
  plural,
};

export const problems = {
  title: "That did not work",
  offline: "The server cannot be reached. Check your connection and try again.",
  failed: "Something failed inside the server. It has been noted; please try again.",
  tooOften: (seconds: number | null) => `Too many requests in a short time. Try again in ${wait(seconds)}.`,
  byStatus: (status: number) => `The server answered with status ${status}.`,
  checkFields: "Please correct the marked fields.",
  notFoundTitle: "There is nothing here",
  notFoundText: "The address is wrong, or what stood here has been deleted or is not visible to you.",
  forbiddenTitle: "Not open to you",
  forbiddenText: "Your role does not include this. Ask an administrator of your organization if you need it.",
  toHome: "Go to the overview",
};

export const shell = {
  skip: "Skip to content",
  navigation: "Main",
  openMenu: "Open menu",
  closeMenu: "Close menu",
  fold: "Fold navigation",
  unfold: "Unfold navigation",
  account: "Account",
  signOut: "Sign out",
  theme: { label: "Appearance", auto: "As the system", light: "Light", dark: "Dark" },
  find: "Find a company or a page",
  findHint: "Find…",
  findPlaceholder: "Company, symbol or page",
  findNothing: (text: string) => `No company or page matches “${text}”.`,
  pages: "Pages",
  companies: "Companies",
  groups: { work: "Analysis", manage: "Administration", help: "Help" },
  nav: {
    home: "Overview",
    companies: "Companies",
    score: "Score a company",
    whatIf: "What-if",
    uploads: "Portfolio upload",
    admin: "Administration",
    models: "Models",
    platform: "Platform",
    settings: "Settings",
    docs: "API documentation",
  },
};
