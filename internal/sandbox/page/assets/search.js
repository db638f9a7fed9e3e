// Menus whose options the app suggests while a person types. What is picked is
// sent with the whole form, and drawn by the server like everything else.
import { $, $$ } from './dom.js';

const pause = 150; // milliseconds between keys after which the app is asked

let asking = null; // the question under way: a later one takes its place

async function ask(field) {
  asking?.abort();
  const question = asking = new AbortController();
  const menu = $('.menu', field.parentElement);
  const body = new URLSearchParams({ as: document.body.dataset.as, typed: field.value, menu: menu.id });
  let drawn;
  try {
    const answer = await fetch(field.parentElement.dataset.suggest, { method: 'POST', body, signal: question.signal });
    if (!answer.ok) throw new Error(await answer.text());
    drawn = await answer.text();
  } catch {
    if (!question.signal.aborted) close(field);
    return;
  }
  if (question.signal.aborted || document.activeElement !== field) return;
  menu.innerHTML = drawn; // escaped by the server's templates
  menu.hidden = false;
  field.setAttribute('aria-expanded', 'true');
  choose(field, $('.option', menu));
  menu.scrollIntoView({ block: 'nearest' });
}

function close(field) {
  asking?.abort();
  const menu = $('.menu', field.parentElement);
  menu.hidden = true;
  menu.replaceChildren();
  field.setAttribute('aria-expanded', 'false');
  field.removeAttribute('aria-activedescendant');
}

const chosen = (field) => $('.option[aria-selected=true]', field.parentElement);

function choose(field, option) {
  chosen(field)?.setAttribute('aria-selected', 'false');
  option?.setAttribute('aria-selected', 'true');
  option?.scrollIntoView({ block: 'nearest' });
  if (option) field.setAttribute('aria-activedescendant', option.id);
  else field.removeAttribute('aria-activedescendant');
}

function step(field, by) {
  const options = $$('.option', field.parentElement);
  const at = options.indexOf(chosen(field));
  choose(field, options[(at + by + options.length) % options.length]);
}

// searching makes the menus work; fill sends a form, changed.
export function searching(fill) {
  const change = (box, values) => fill(box.closest('form'), (body) => {
    const { name } = box.dataset;
    const next = values(body.getAll(name).filter(Boolean));
    body.delete(name);
    for (const value of ['', ...next]) body.append(name, value);
  });

  function pick(field, option) {
    const box = field.parentElement, { value } = option.dataset;
    change(box, (now) => ('single' in box.dataset ? [value] : [...new Set([...now, value])]));
    field.value = '';
    close(field);
  }

  let typing = 0;
  const soon = (field, wait) => {
    clearTimeout(typing);
    typing = setTimeout(ask, wait, field);
  };
  document.addEventListener('input', (event) => {
    if (event.target.matches('[data-search]')) soon(event.target, pause);
  });
  document.addEventListener('focusin', (event) => {
    if (event.target.matches('[data-search]')) soon(event.target, 0);
  });
  document.addEventListener('focusout', (event) => {
    if (event.target.matches('[data-search]')) close(event.target);
  });

  document.addEventListener('keydown', (event) => {
    const field = event.target;
    if (!field.matches?.('[data-search]') || event.isComposing) return;
    const open = field.getAttribute('aria-expanded') === 'true';
    if (event.key === 'Enter') {
      event.preventDefault(); // which would submit
      if (open && chosen(field)) pick(field, chosen(field));
    } else if (event.key === 'Escape' && open) {
      event.preventDefault(); // which would cancel the modal
      close(field);
    } else if (open && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      step(field, event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Backspace' && !field.value) {
      $$('.pick button', field.parentElement).at(-1)?.click();
    }
  });

  // A press on the menu or on what was picked must not take the focus away.
  document.addEventListener('mousedown', (event) => {
    if (event.target.closest('.menu, [data-unpick]')) event.preventDefault();
  });
  document.addEventListener('click', (event) => {
    const box = event.target.closest('.search');
    const option = event.target.closest('.option'), remove = event.target.closest('[data-unpick]');
    if (option) pick($('[data-search]', box), option);
    if (!remove) return;
    if (document.activeElement === remove) $('[data-search]', box).focus(); // it is about to go
    change(box, (now) => now.filter((value) => value !== remove.dataset.unpick));
  });
}
