// Creates and changes elements. Text is set as text and never parsed as HTML, whatever an id or a message contains.

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

/** Changes the node only if the text differs, so that selections stay and screen readers do not repeat it. */
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

/** Runs a change that moves elements, and restores the focus afterwards. */
export function keepFocus(change) {
  const focused = document.activeElement;
  change();
  if (focused && focused !== document.activeElement && focused.isConnected) {
    focused.focus({ preventScroll: true });
  }
}

/** Replaces the children only if the list differs. */
export function setChildren(node, children) {
  const same = node.childNodes.length === children.length && children.every((child, i) => node.childNodes[i] === child);
  if (!same) {
    keepFocus(() => node.replaceChildren(...children));
  }
}
