// Runs before the first paint, so that the page does not flash in another theme. A classic script, so a function keeps its names local.
(() => {
  const key = 'proxy.theme';
  const themes = ['auto', 'light', 'dark'];
  const names = { auto: 'System', light: 'Light', dark: 'Dark' };

  const chosen = () => {
    const stored = localStorage.getItem(key);
    return themes.includes(stored) ? stored : 'auto';
  };

  const apply = () => {
    const theme = chosen();
    if (theme === 'auto') {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = theme;
    }

    const button = document.getElementById('theme');
    if (button) {
      const prefix = document.createElement('span');
      prefix.className = 'wide';
      prefix.textContent = 'Theme: ';
      button.replaceChildren(prefix, names[theme]);
      button.setAttribute('aria-label', `Theme: ${names[theme]}`);
    }

    document.dispatchEvent(new Event('theme'));
  };

  const next = () => {
    localStorage.setItem(key, themes[(themes.indexOf(chosen()) + 1) % themes.length]);
    apply();
  };

  document.addEventListener('DOMContentLoaded', () => {
    document.getElementById('theme').addEventListener('click', next);
    apply();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
  apply();
})();
