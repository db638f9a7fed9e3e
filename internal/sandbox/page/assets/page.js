// The page keeps itself current by fetching itself and changing what differs.
// So the server has one way to draw a screen. Needs a browser of 2024 or later.
import { $, $$, toast } from './dom.js';
import { morph } from './morph.js';
import { searching } from './search.js';
import { localize } from './time.js';

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

// look reports that a person reads this: on arriving, and when there is news.
let looked = '';
function look() {
  const { as, in: where, unread } = document.body.dataset;
  const here = `${as} ${where} `;
  const arrived = !looked.startsWith(here);
  const news = unread !== '0' && looked !== here + unread && document.visibilityState === 'visible';
  looked = here + unread;
  if (where && (arrived || news)) {
    act(where === 'home' ? '/page/home' : '/page/view?in=' + encodeURIComponent(where), new URLSearchParams(), null, true);
  }
}

function go(url) {
  history.pushState(null, '', url);
  return refresh();
}

// --- acting ----------------------------------------------------------------

// act sends what a person does and reports whether it was done. What the page
// does by itself fails quietly: no person asked for it.
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

// sure asks the question of a button that has one.
function sure(pressed) {
  const dialog = pressed.dataset.confirm && document.getElementById(pressed.dataset.confirm);
  if (!dialog) return Promise.resolve(true);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((answered) => dialog.addEventListener('close', () => answered(dialog.returnValue === 'yes'), { once: true }));
}

// press uses a button, or a menu with what was chosen. In a modal everything
// that stands there comes along.
async function press(pressed, values = []) {
  const url = pressed.dataset.url; // the message may be drawn anew while the question stands
  if (!await sure(pressed)) return;
  pressed.closest('details.overflow')?.removeAttribute('open');
  const form = pressed.closest('form[data-fill]');
  const send = (body) => {
    for (const value of values) body.append('value', value);
    return act(url, body, form ? null : pressed);
  };
  if (form) await once(pressed, () => send(new URLSearchParams(new FormData(form))));
  else await send(new URLSearchParams());
}

// Of a modal one thing is sent after the other, as it was done.
let last = Promise.resolve();
const inTurn = (task) => (last = last.then(task, task));

// once does so for a button, which cannot be pressed again until it is done.
async function once(pressed, task) {
  if (pressed.getAttribute('aria-busy')) return false;
  pressed.setAttribute('aria-busy', 'true');
  try {
    return await inTurn(task);
  } finally {
    pressed.removeAttribute('aria-busy');
  }
}

// fill sends what stands in a modal; edit changes that first. The app hears of
// what it asked to hear of.
function fill(form, edit = () => {}) {
  return inTurn(() => {
    if (!form.isConnected) return false;
    const body = new URLSearchParams(new FormData(form));
    edit(body);
    return act(form.dataset.fill, body);
  });
}

// A text tells of every character, or of Enter. Some are left out while
// a person types fast.
let typing = 0;
document.addEventListener('input', (event) => {
  if (!event.target.matches('input[data-tells~=change], textarea[data-tells~=change]')) return;
  clearTimeout(typing);
  typing = setTimeout(fill, 250, event.target.form);
});

document.addEventListener('keydown', (event) => {
  const field = event.target;
  if (event.key !== 'Enter' || event.isComposing || !field.matches?.('[data-tells~=enter]')) return;
  if (field.nodeName === 'INPUT') event.preventDefault(); // which would submit
  inTurn(() => {
    const body = new URLSearchParams(new FormData(field.form));
    body.set('field', field.name);
    return act(field.form.dataset.enter, body);
  });
});

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
  if (event.target.closest('[data-tells~=change]')) return fill(event.target.form);
  const field = event.target.closest('[data-url]');
  if (!field || field.nodeName === 'FORM' || field.nodeName === 'BUTTON') return;
  const inputs = field.matches('.choices') ? $$(':checked', field) : [field];
  press(field, inputs.map((input) => input.value));
});

document.addEventListener('submit', async (event) => {
  const form = event.target.closest('form[data-url]');
  if (!form) return;
  event.preventDefault();
  clearTimeout(typing);
  const done = await once(event.submitter || form, () => act(form.dataset.url, new URLSearchParams(new FormData(form))));
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

// A browser opens six connections to one place, so a hidden tab holds none.
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
searching(fill);
localize(document);
settle(null, true);
listen();
