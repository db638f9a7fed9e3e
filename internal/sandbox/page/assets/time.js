// Writes times as the browser's language and zone have them.
import { $, $$ } from './dom.js';

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
export function localize(root) {
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
