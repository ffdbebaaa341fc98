// Elements are made here and nowhere else. Text is set as text: nothing parses markup, whatever an id or a message contains.

export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) {
      continue;
    }

    if (name.startsWith('on')) {
      node.addEventListener(name.slice(2), value);
    } else {
      node.setAttribute(name, value === true ? '' : value);
    }
  }

  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Touches the document only when something changes: selections stay, and screen readers hear nothing twice. */
export function setText(node, text) {
  const value = String(text ?? '');
  if (node.textContent !== value) {
    node.textContent = value;
  }
}

export function setClass(node, name) {
  if (node.className !== name) {
    node.className = name;
  }
}

export function setAttribute(node, name, value) {
  if (value === null || value === undefined) {
    node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, value);
  }
}

/** Runs what moves elements, and gives the focus back to where it was. */
export function keepFocus(change) {
  const focused = document.activeElement;
  change();
  if (focused && focused !== document.activeElement && focused.isConnected) {
    focused.focus({ preventScroll: true });
  }
}

/** Replaces children only when another list comes. */
export function setChildren(node, children) {
  const same = node.childNodes.length === children.length && children.every((child, i) => node.childNodes[i] === child);
  if (!same) {
    keepFocus(() => node.replaceChildren(...children));
  }
}
