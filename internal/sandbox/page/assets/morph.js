// Changes what differs between the page as it is and as it should be, and
// nothing else: what a person typed, picked or focused stays.
import { $, $$, toast } from './dom.js';

// These belong to the browser or to this script; the server does not say them.
const ours = new Set(['open', 'aria-busy', 'aria-expanded', 'aria-activedescendant', 'data-fresh', 'data-leaving']);

// An option that a person chose stays chosen while it exists.
const touched = new WeakSet();
document.addEventListener('change', (event) => touched.add(event.target), true);

export function morph(have, want) {
  if (have.nodeType !== Node.ELEMENT_NODE) {
    if (have.nodeValue !== want.nodeValue) have.nodeValue = want.nodeValue;
    return;
  }
  if (have.id === 'toasts' || 'ours' in have.dataset) return;
  const chosen = have.nodeName === 'SELECT' && touched.has(have) ? have.value : null;
  for (const { name } of [...have.attributes]) {
    if (!ours.has(name) && !want.hasAttribute(name)) have.removeAttribute(name);
  }
  for (const { name, value } of want.attributes) {
    if (!ours.has(name) && have.getAttribute(name) !== value) have.setAttribute(name, value);
  }
  morphChildren(have, want);
  if (chosen !== null && have.value !== chosen && [...have.options].some((o) => o.value === chosen)) have.value = chosen;
}

function morphChildren(have, want) {
  const kept = new Map();
  for (const next of want.children) if (next.id) kept.set(next.id, next.nodeName);
  const known = new Map();
  for (const child of [...have.children]) {
    if (!child.id || child.dataset.leaving) continue;
    if (kept.get(child.id) === child.nodeName) known.set(child.id, child);
    else leave(child);
  }
  let at = have.firstChild;
  for (const next of [...want.childNodes]) {
    while (at?.dataset?.leaving) at = at.nextSibling;
    const match = next.id ? known.get(next.id) : at && alike(at, next) ? at : null;
    if (!match) {
      const added = document.importNode(next, true);
      have.insertBefore(added, at);
      if (added.nodeType === Node.ELEMENT_NODE) enter(added);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else have.insertBefore(match, at);
    morph(match, next);
  }
  while (at) {
    const after = at.nextSibling;
    if (!at.dataset?.leaving) leave(at);
    at = after;
  }
}

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && !a.id && !b.id;

function enter(node) {
  if ('new' in node.dataset) {
    node.dataset.fresh = '';
    setTimeout(() => delete node.dataset.fresh, 6000);
  }
  if ('toast' in node.dataset) toast($('.said', node).textContent);
}

// leave removes a node. An open dialog gives the focus back first, and a key
// that is gone stays long enough to be seen going.
function leave(node) {
  if (node.nodeType === Node.ELEMENT_NODE) {
    for (const dialog of [node, ...$$('dialog', node)]) if (dialog.nodeName === 'DIALOG' && dialog.open) dialog.close();
    if ('leave' in node.dataset) {
      node.dataset.leaving = 'yes';
      node.removeAttribute('id');
      setTimeout(() => node.remove(), 4000);
      return;
    }
  }
  node.remove();
}
