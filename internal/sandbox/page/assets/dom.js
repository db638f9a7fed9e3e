// What the other scripts share.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// toast says something for a while, above whatever is open.
export function toast(text) {
  const note = document.createElement('p');
  note.textContent = text.trim().replace(/\s+/g, ' ');
  const toasts = $('#toasts');
  toasts.append(note);
  if (toasts.matches(':popover-open')) toasts.hidePopover(); // to be above a dialog opened since
  toasts.showPopover();
  setTimeout(() => {
    note.remove();
    if (!toasts.children.length) toasts.hidePopover();
  }, 7000);
}
