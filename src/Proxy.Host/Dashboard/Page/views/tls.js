// What is told of TLS: what a connection agreed on, the certificates of a route, and how destinations of a cluster are verified.

import { el, setClass, setText } from '../dom.js';
import { duration, time } from '../format.js';
import { card, facts } from '../parts.js';
import { Table } from '../table.js';

/** The cards of a connection, one per side, in a row of their own; each is hidden while nothing is known of that side. */
export function sessions() {
  const client = facts('Version', 'Cipher suite', 'Session', 'Server name', 'Application protocol', 'Client certificate', 'Its names');
  const upstream = facts('Version', 'Cipher suite', 'Server name', 'Application protocol');
  [client, upstream].forEach((one) => one.element.classList.add('wide'));
  const cards = [['TLS with the client', client], ['TLS to the destination', upstream]].map(([title, { element }]) => card(title, el('div', { class: 'pad' }, element)));
  const element = el('div', { class: 'columns' }, cards);
  const update = ({ tls, upstreamTls, serverName, alpnProtocols }) => {
    cards[0].hidden = !tls && !serverName && !alpnProtocols;
    cards[1].hidden = !upstreamTls;
    element.hidden = cards.every(({ hidden }) => hidden);
    if (tls) {
      client.update(tls.version, tls.cipherSuite, sessionOf(tls), tls.serverName, tls.applicationProtocol, tls.subject, tls.names.join(', ') || null);
    } else {
      client.update('Not terminated by the proxy', null, null, serverName, alpnProtocols && `Offered: ${alpnProtocols}`);
    }

    if (upstreamTls) {
      upstream.update(upstreamTls.version, upstreamTls.cipherSuite, upstreamTls.serverName, upstreamTls.applicationProtocol);
    }
  };
  update({});
  return { element, update };
}

const sessionOf = ({ resumed }) => (resumed === true ? 'Resumed' : resumed === false ? 'New' : null);

/** The card of a route that terminates TLS; hidden for other routes. */
export function termination() {
  const policy = facts('Client certificates', 'Authorities', 'Revocation list', 'Versions', 'Application protocols');
  const problem = el('p', { class: 'empty bad', hidden: true });
  const table = certificatesTable();
  const element = card('TLS', table.element, el('div', { class: 'pad first' }, policy.element), problem);
  element.hidden = true;
  return {
    element,
    update: (tls) => {
      element.hidden = !tls;
      if (tls) {
        table.update(tls.certificates.map((one, index) => ({ ...one, index })));
        policy.update(
          policies[tls.clientCertificates] ?? tls.clientCertificates,
          tls.clientCertificateAuthority,
          tls.clientCertificateRevocationList,
          tls.minimumVersion === 'Tls13' ? '1.3' : '1.2 and 1.3',
          tls.alpnProtocols.join(', ') || null,
        );
        problem.hidden = !tls.problem;
        setText(problem, tls.problem && `The newest authorities or revocation lists are not used: ${tls.problem}`);
      }
    },
  };
}

const policies = { None: 'Not asked for', Allow: 'Asked for, and verified if there is one', Required: 'Required, and verified' };

const certificatesTable = () =>
  new Table({
    caption: 'Certificates of the route',
    key: ({ path, index }) => `${index} ${path}`,
    empty: 'No certificate is in use.',
    columns: [
      { name: 'Certificate', head: true, id: true, text: ({ path }) => path },
      { name: 'Names', id: true, text: ({ names, subject }) => names.join(', ') || subject },
      { name: 'Issuer', id: true, text: ({ issuer }) => issuer },
      { name: 'Valid until', make: () => textWithTone(({ notBefore, notAfter }) => untilOf(notBefore, notAfter)) },
      { name: 'Used since', text: ({ since }) => time(since) },
      { name: 'Problem', id: true, text: ({ problem }) => problem ?? '–', tone: ({ problem }) => (problem ? 'bad' : '') },
    ],
  });

/** The end of a certificate as [text, tone]. That it ends soon is a condition, which the page shows by itself. */
export function untilOf(notBefore, notAfter) {
  const left = (new Date(notAfter) - Date.now()) / 1000;
  return left <= 0
    ? [`${time(notAfter)}, over`, 'bad']
    : new Date(notBefore) > Date.now()
      ? [`${time(notAfter)}, not valid before ${time(notBefore)}`, 'bad']
      : [`${time(notAfter)}, in ${duration(left)}`, ''];
}

/** How connections to the destinations of a cluster are secured, as a line of its card; hidden where they are in clear. */
export function origination() {
  const [lead, rest] = [el('span'), el('span', { class: 'note' })];
  const element = el('p', { class: 'pad tls', hidden: true }, lead, ' ', rest);
  return {
    element,
    update: (tls) => {
      element.hidden = !tls;
      if (tls) {
        setText(lead, tls.allowInvalid ? 'TLS, not verified' : 'TLS, verified');
        setClass(lead, `state ${tls.allowInvalid ? 'warn' : 'good'}`);
        setText(rest, linesOf(tls).join('; '));
      }
    },
  };
}

const linesOf = ({ allowInvalid, certificateAuthority, certificateRevocationList, serverName, certificate, problem }) =>
  [
    allowInvalid
      ? 'AllowInvalid: any certificate is accepted, so anything in between may read and change all bytes'
      : `by ${certificateAuthority ? `the authorities in ${certificateAuthority}` : "the system's authorities"}${certificateRevocationList ? ` and the revocation list ${certificateRevocationList}` : ''}`,
    serverName ? `for the name ${serverName}` : !allowInvalid && "for the host in each destination's address",
    certificate && `shows the certificate ${certificate.path}, valid until ${untilOf(certificate.notBefore, certificate.notAfter)[0]}`,
    certificate?.problem && `its newest content is not used: ${certificate.problem}`,
    problem && `the newest authorities or revocation lists are not used: ${problem}`,
  ].filter(Boolean);

function textWithTone(of) {
  const element = el('span');
  return {
    element,
    update: (row) => {
      const [text, tone] = of(row);
      setText(element, text);
      setClass(element, tone);
    },
  };
}
