// New numbers every few seconds, where somebody looks. Without it the page is complete; whoever wants new numbers loads it again.
(() => {
  'use strict';
  const EVERY = 4000;
  const busy = () => {
    const at = document.activeElement;
    return document.hidden || (at && at.tagName === 'INPUT') || String(getSelection()) !== '';
  };
  const again = async () => {
    if (!busy()) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
        if (answer.ok) {
          const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
          if (!busy()) {
            take(next);
          }
        }
      } catch (away) {
        const verdict = document.getElementById('verdict');
        if (verdict) {
          verdict.textContent = 'No answer';
          verdict.className = 'verdict bad';
        }
      }
    }
    setTimeout(again, EVERY);
  };
  const take = (next) => {
    const open = [...document.querySelectorAll('details[open][id]')].map((one) => one.id);
    const focus = document.activeElement;
    const where = focus && focus.closest('main') ? [...document.querySelectorAll('main a, main button, main summary')].indexOf(focus) : -1;
    for (const id of ['live', 'verdict']) {
      const was = document.getElementById(id), is = next.getElementById(id);
      if (was && is && was.innerHTML !== is.innerHTML) {
        was.replaceWith(is);
      }
    }
    for (const selector of ['footer', 'header.top .brand']) {
      const was = document.querySelector(selector), is = next.querySelector(selector);
      if (was && is) {
        was.innerHTML = is.innerHTML;
      }
    }
    open.forEach((id) => document.getElementById(id)?.setAttribute('open', ''));
    if (where >= 0) {
      document.querySelectorAll('main a, main button, main summary')[where]?.focus({ preventScroll: true });
    }
    document.title = next.title;
  };
  setTimeout(again, EVERY);
})();
