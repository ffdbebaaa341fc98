// Views are named by the hash of the URL, so that each can be linked to. Ids in it are percent-encoded.

/** Splits a hash such as "#/routes/a%2Fb?x=1" into parts and query. A part with an invalid escape is not decoded. */
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  return { parts: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The hash of a view. */
export function link(parts, query = {}) {
  const wanted = Object.entries(query).filter(([, value]) => value);
  const text = wanted.length > 0 ? `?${new URLSearchParams(wanted)}` : '';
  return `#/${parts.map(encodeURIComponent).join('/')}${text}`;
}
