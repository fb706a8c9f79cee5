// SPDX-License-Identifier: Apache-2.0
// An SMSC that speaks SMPP by somebody else's library, in front of the simulated network: what the SM-SR submits
// goes to the network's CoAP, what cards send comes as deliver_sm and is kept until it is acknowledged, and
// everything else of the network passes through to the SM-SR.
//   node smsc.js SMPP-PORT COAP-PORT SIM-HOST:PORT SMSR-HOST:PORT
// Faults on standard input, a line each: "throttle N" answers the next N submissions ESME_RTHROTTLED, "drop"
// closes the connection, "refuse on|off" the bind. Prints "ready", then a line for each bind, and "throttled" when
// the last of the N was answered.
'use strict';
const smpp = require('smpp');
const coap = require('coap');

const [smppPort, coapPort, sim, smsr] = process.argv.slice(2);
// The octets as they are: the library would take the user data header apart.
for (const name of ['submit_sm', 'deliver_sm']) delete smpp.commands[name].params.short_message.filter;

const fault = {throttle: 0, refuse: false};
const run = Math.floor(Math.random() * 0x7fffffff).toString(16);
let bound = null, number = 0;
const waiting = [];

function ask(target, method, pathname, query, payload, done) {
  const [hostname, port] = target.split(':');
  const req = coap.request({hostname, port: Number(port), method, pathname, query, confirmable: true, retrySend: 5});
  req.on('response', (res) => done(res.code, res.payload, res.headers));
  req.on('error', () => done('5.03', Buffer.alloc(0), {}));
  req.on('timeout', () => done('5.03', Buffer.alloc(0), {}));
  req.end(payload);
}

const STATUS = {'2.01': 0x00, '4.04': 0x0b, '4.29': 0x58, '5.03': 0x14};

function submitted(session, pdu) {
  if (fault.throttle > 0) {
    session.send(pdu.response({command_status: 0x58}));
    if (--fault.throttle === 0) console.log('throttled');
    return;
  }
  const hex = (n) => n.toString(16).toUpperCase().padStart(2, '0');
  const query = `to=${pdu.destination_addr}&from=${pdu.source_addr}&pid=${hex(pdu.protocol_id)}` +
    `&dcs=${hex(pdu.data_coding)}&vp=${seconds(pdu.validity_period)}&run=${run}&m=${++number}`;
  if (!(pdu.esm_class & 0x40)) throw new Error('a packet without UDHI');
  ask(sim, 'POST', '/sms/mt', query, pdu.short_message, (code) => {
    const status = code in STATUS ? STATUS[code] : 0x45;
    session.send(pdu.response(status ? {command_status: status} : {message_id: `${run}-${number}`}));
  });
}

// The library reads a relative time as a date from now on.
function seconds(validity) {
  if (validity instanceof Date) return Math.max(1, Math.round((validity.getTime() - Date.now()) / 1000));
  const t = String(validity || '');
  return t ? Number(t.slice(4, 6)) * 86400 + Number(t.slice(6, 8)) * 3600 + Number(t.slice(8, 10)) * 60 +
    Number(t.slice(10, 12)) : 0;
}

// One after the other: the next leaves when the SM-SR took the one before.
function deliver() {
  if (!bound || !waiting.length || waiting[0].sent) return;
  const one = waiting[0];
  one.sent = true;
  bound.deliver_sm({source_addr_ton: 1, source_addr_npi: 1, source_addr: one.from, destination_addr: '4917',
    esm_class: 0x40, protocol_id: 0x7f, data_coding: 0xf6, short_message: one.ud}, (pdu) => {
    one.sent = false;
    if (pdu.command_status === 0) waiting.shift();
    setImmediate(deliver);
  });
}

const server = smpp.createServer((session) => {
  session.on('error', () => session.close());
  session.on('close', () => {
    if (bound === session) {
      bound = null;
      for (const one of waiting) one.sent = false;
    }
  });
  session.on('bind_transceiver', (pdu) => {
    if (fault.refuse || pdu.system_id !== 'remora' || pdu.password !== 'secret12') {
      session.send(pdu.response({command_status: 0x0e}));
      console.log('refused');
      return;
    }
    session.send(pdu.response({system_id: 'smsc'}));
    bound = session;
    console.log('bound');
    deliver();
  });
  session.on('submit_sm', (pdu) => submitted(session, pdu));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
});

const seen = new Set();
const network = coap.createServer((req, res) => {
  const [path, query = ''] = req.url.slice(1).split('?');
  if (path === 'sms/mo') {
    const q = new URLSearchParams(query), key = `${q.get('run')}/${q.get('m')}`;
    if (!seen.has(key)) {
      seen.add(key);
      waiting.push({from: q.get('from'), ud: Buffer.from(req.payload), sent: false});
      deliver();
    }
    res.code = '2.04';
    res.end();
    return;
  }
  ask(smsr, req.method, '/' + path, query, req.payload, (code, payload, headers) => {
    res.code = code;
    if (headers['Location-Path']) res.setOption('Location-Path', headers['Location-Path']);
    res.end(payload);
  });
});

process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  for (const line of text.split('\n').filter(Boolean)) {
    const [word, value] = line.split(' ');
    if (word === 'throttle') fault.throttle = Number(value);
    else if (word === 'drop') { if (bound) bound.close(); } else fault[word] = value === 'on';
  }
});
process.stdin.on('end', () => process.exit(0));
server.listen(Number(smppPort), '127.0.0.1', () =>
  network.listen(Number(coapPort), '127.0.0.1', () => console.log('ready')));
