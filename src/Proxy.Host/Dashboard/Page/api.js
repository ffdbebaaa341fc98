// Requests to the API. The token lives in this tab only, and is asked for when the host wants one.

import { askToken } from './token.js';

const key = 'proxy.token';

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function headers(more) {
  const token = sessionStorage.getItem(key);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

/** A fetch that carries the token, and asks for it until one is right. */
export async function request(path, options = {}) {
  for (;;) {
    const used = sessionStorage.getItem(key);
    const response = await fetch(path, { cache: 'no-store', credentials: 'same-origin', ...options, headers: headers(options.headers ?? {}) });
    // A client certificate is not asked for here: the browser shows it by itself, or has none.
    if (response.status !== 401 || !response.headers.get('WWW-Authenticate')?.startsWith('Bearer')) {
      return response;
    }

    if (used === sessionStorage.getItem(key)) {
      sessionStorage.removeItem(key);
      sessionStorage.setItem(key, await askToken(Boolean(used)));
    }
  }
}

async function reasonOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error ?? text;
  } catch {
    return text.trim() || `The host answered ${response.status}.`;
  }
}

async function answer(path, options) {
  const response = await request(path, options).catch((error) => {
    throw new ApiError(0, error instanceof TypeError ? 'The host does not answer.' : 'The host did not answer in time.');
  });
  if (!response.ok) {
    throw new ApiError(response.status, await reasonOf(response));
  }

  return response.status === 204 ? null : response.json();
}

/** A path of the API; ids become one part each, whatever they contain. */
export const path = (...parts) => `api/${parts.map(encodeURIComponent).join('/')}`;

export const get = (where, signal) => answer(where, { signal: signal ?? AbortSignal.timeout(15000) });

export const send = (method, where, body) =>
  answer(where, {
    method,
    signal: AbortSignal.timeout(30000),
    ...(body === undefined ? {} : { body, headers: { 'Content-Type': 'application/json' } }),
  });
