// The page keeps itself current by fetching itself and changing what differs.
// So the server has one way to draw a screen, and what somebody types, picks,
// scrolls or has focused stays as it is. Needs a browser of 2024 or later.
'use strict';
(() => {
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- changing what differs -------------------------------------------------

// These belong to the browser or to this script; the server does not say them.
const ours = new Set(['open', 'aria-busy', 'data-fresh', 'data-leaving']);

function morph(have, want) {
  if (have.nodeType !== Node.ELEMENT_NODE) {
    if (have.nodeValue !== want.nodeValue) have.nodeValue = want.nodeValue;
    return;
  }
  if (have.id === 'toasts') return;
  for (const { name } of [...have.attributes]) {
    if (!ours.has(name) && !want.hasAttribute(name)) have.removeAttribute(name);
  }
  for (const { name, value } of want.attributes) {
    if (!ours.has(name) && have.getAttribute(name) !== value) have.setAttribute(name, value);
  }
  morphChildren(have, want);
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

// --- time ------------------------------------------------------------------

const ahead = (root = document) => Number($('#clock', root)?.dataset.offset || 0);
const show = (at, options) => new Intl.DateTimeFormat(navigator.language, options).format(at);
const day = { year: 'numeric', month: 'long', day: 'numeric' };
const short = { year: 'numeric', month: 'short', day: 'numeric' };
const hour = { hour: '2-digit', minute: '2-digit' };

function pretty(at, now, options) {
  const midnight = (t) => new Date(t.getFullYear(), t.getMonth(), t.getDate());
  const days = Math.round((midnight(at) - midnight(now)) / 864e5);
  return { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[days] || show(at, options);
}

const tokens = {
  date_num: (at) => at.toLocaleDateString('sv'),
  date: (at) => show(at, day),
  date_short: (at) => show(at, short),
  date_long: (at) => show(at, { ...day, weekday: 'long' }),
  date_pretty: (at, now) => pretty(at, now, day),
  date_short_pretty: (at, now) => pretty(at, now, short),
  date_long_pretty: (at, now) => pretty(at, now, { ...day, weekday: 'long' }),
  time: (at) => show(at, hour),
  time_secs: (at) => show(at, { ...hour, second: '2-digit' }),
};

// localize writes times in the browser's zone.
function localize(root) {
  const now = new Date(Date.now() + ahead(root));
  for (const time of $$('time[data-format]', root)) {
    const at = new Date(time.dateTime);
    const text = time.dataset.format.replace(/\{(\w+)\}/g, (all, token) => tokens[token]?.(at, now) ?? all);
    if (time.textContent !== text) time.textContent = text; // an unchanged one is not read out again
    time.title = show(at, { ...day, ...hour, weekday: 'long' });
  }
  const clock = $('#clock', root);
  if (clock) clock.textContent = show(now, { weekday: 'short', day: 'numeric', month: 'short', ...hour });
}

// --- keeping current -------------------------------------------------------

let running = null, again = false;

function refresh() {
  again = true;
  running ||= (async () => {
    try {
      while (again) {
        again = false;
        await redraw();
      }
    } finally {
      running = null;
    }
  })();
  return running;
}

async function redraw() {
  const asked = location.href;
  let html;
  try {
    const answer = await fetch(asked);
    if (!answer.ok) throw new Error(await answer.text());
    html = await answer.text();
  } catch {
    $('#gone').hidden = false;
    return;
  }
  if (location.href !== asked) {
    again = true;
    return;
  }
  const wanted = new DOMParser().parseFromString(html, 'text/html');
  localize(wanted);
  const seen = $('.place .scroll');
  const atEnd = seen && seen.scrollHeight - seen.scrollTop - seen.clientHeight < 60;
  document.title = wanted.title;
  morph(document.body, wanted.body);
  settle(seen, atEnd);
}

// settle does what only a script can after the page was drawn.
function settle(seen, atEnd) {
  const scroll = $('.place .scroll');
  if (scroll && scroll.dataset.kind !== 'home' && (scroll !== seen || atEnd)) scroll.scrollTop = scroll.scrollHeight;
  const modal = $('dialog[data-modal]');
  if (modal && !modal.open) modal.showModal();
  look();
}

// look says that somebody reads this: on arriving, and when there is news.
let looked = '';
function look() {
  const { as, in: where, unread } = document.body.dataset;
  const here = `${as} ${where} `;
  const arrived = !looked.startsWith(here);
  const news = unread !== '0' && looked !== here + unread && document.visibilityState === 'visible';
  looked = here + unread;
  if (where && (arrived || news)) {
    act(where === 'home' ? '/page/home' : '/page/look?in=' + encodeURIComponent(where), new URLSearchParams(), null, true);
  }
}

function go(url) {
  history.pushState(null, '', url);
  return refresh();
}

// --- acting ----------------------------------------------------------------

// act sends what a person does and reports whether it was done. What the page
// does by itself fails quietly: nobody asked for it.
async function act(url, body, pressed, quiet = false) {
  if (pressed?.getAttribute('aria-busy')) return false;
  pressed?.setAttribute('aria-busy', 'true');
  if (!new URL(url, location).searchParams.has('as')) body.set('as', document.body.dataset.as);
  try {
    const answer = await fetch(url, { method: 'POST', body });
    if (!answer.ok && !quiet) toast(await answer.text());
    return answer.ok;
  } catch {
    if (!quiet) toast('The sandbox does not answer.');
    return false;
  } finally {
    pressed?.removeAttribute('aria-busy');
    await refresh();
  }
}

function toast(text) {
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

// sure asks the question of a button that has one.
function sure(pressed) {
  const dialog = pressed.dataset.confirm && document.getElementById(pressed.dataset.confirm);
  if (!dialog) return Promise.resolve(true);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((answered) => dialog.addEventListener('close', () => answered(dialog.returnValue === 'yes'), { once: true }));
}

async function press(pressed, values = []) {
  const url = pressed.dataset.url; // the message may be drawn anew while the question stands
  if (!await sure(pressed)) return;
  pressed.closest('details.overflow')?.removeAttribute('open');
  await act(url, new URLSearchParams(values.map((value) => ['value', value])), pressed);
}

document.addEventListener('click', (event) => {
  const answer = event.target.closest('[data-answer]');
  if (answer) return answer.closest('dialog').close(answer.dataset.answer);
  const pressed = event.target.closest('button[data-url]');
  if (pressed) return press(pressed);
  const link = event.target.closest('a[href^="/?"]');
  if (link && event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)) {
    event.preventDefault();
    go(link.href);
  }
});

document.addEventListener('change', (event) => {
  const field = event.target.closest('[data-url]');
  if (!field || field.nodeName === 'FORM' || field.nodeName === 'BUTTON') return;
  const inputs = field.matches('.choices') ? $$(':checked', field) : [field];
  press(field, inputs.map((input) => input.value));
});

document.addEventListener('submit', async (event) => {
  const form = event.target.closest('form[data-url]');
  if (!form) return;
  event.preventDefault();
  const done = await act(form.dataset.url, new URLSearchParams(new FormData(form)), event.submitter || form);
  if (!form.isConnected) return;
  if (done && form.closest('.typing')) form.reset();
  const wrong = $('.wrong', form);
  if (!wrong) return;
  $(':is(input:not([type=hidden]), textarea, select)', wrong)?.focus();
  wrong.scrollIntoView({ block: 'center' });
});

// Escape in a modal is Cancel: the app hears of it.
document.addEventListener('cancel', (event) => {
  if (!event.target.matches?.('dialog[data-modal]')) return;
  event.preventDefault();
  $('button.x', event.target).click();
}, true);

// --- from here on ----------------------------------------------------------

// A browser opens six connections to one place, so a tab nobody sees holds none.
let stream = null;
function listen() {
  const visible = document.visibilityState === 'visible';
  if (!visible) stream?.close();
  if (!visible || (stream && stream.readyState !== EventSource.CLOSED)) return;
  stream = new EventSource('/page/events');
  stream.addEventListener('changed', refresh);
  stream.addEventListener('error', () => { $('#gone').hidden = false; });
  stream.addEventListener('open', () => { $('#gone').hidden = true; });
}

addEventListener('popstate', refresh);
document.addEventListener('visibilitychange', listen);
setInterval(() => localize(document), 1000);
setInterval(() => { listen(); if (document.visibilityState === 'visible') refresh(); }, 20000); // ages, and faults used up
localize(document);
settle(null, true);
listen();
})();
