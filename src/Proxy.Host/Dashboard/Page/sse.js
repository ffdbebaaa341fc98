// Server-sent events (WHATWG HTML, 9.2.6), parsed by hand: EventSource cannot send the token.

export class EventParser {
  #rest = '';
  #started = false;
  #name = '';
  #data = [];

  /** Adds a piece of text, and returns the events that are complete now. */
  push(text) {
    this.#rest += text;
    if (!this.#started && this.#rest.length > 0) {
      this.#rest = this.#rest.replace(/^\uFEFF/, '');
      this.#started = true;
    }

    const events = [];
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.#rest);
      if (!end) {
        return events;
      }

      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      this.#line(line, events);
    }
  }

  #line(line, events) {
    if (line === '') {
      if (this.#data.length > 0) {
        events.push({ name: this.#name || 'message', data: this.#data.join('\n') });
      }

      this.#name = '';
      this.#data = [];
      return;
    }

    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') {
      this.#name = value;
    } else if (field === 'data') {
      this.#data.push(value);
    }
  }
}
