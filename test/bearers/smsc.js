// SPDX-License-Identifier: Apache-2.0
// SMSCs that speak SMPP by somebody else's library, in front of the simulated network: what the SM-SR submits goes to
// the network's CoAP, what cards send comes as deliver_sm by the SMSC of their network and is kept until it is
// acknowledged, and everything else of the network passes through to the SM-SR.
//   node smsc.js COAP-PORT SIM-HOST:PORT SMSR-HOST:PORT SMSR-NUMBER PORT:SOURCE:PREFIX...
// One SMSC a network: its port, the SM-SR's own number there, and how its subscribers' numbers begin. It takes no
// other source (0A) and no other destination (0B). SMSR-NUMBER is the one the simulated network knows, and the cards.
// Faults on standard input, a line each, of all of them: "throttle N" answers the next N submissions ESME_RTHROTTLED,
// "drop" closes the connections, "refuse on|off" the bind, "unrouted N on|off": of the notifications that cards
// send by the Nth SMSC none arrives, "swallow on|off": submissions are taken and reach nobody, "receipts WORD": what
// is said of a message whose receipt was asked for, whatever becomes of it, under the decimal number of the
// hexadecimal name it was taken by. Prints "ready", then "bound" for each bind, and "throttled" when the last of the
// N was answered.
'use strict';
const smpp = require('smpp');
const coap = require('coap');

const [coapPort, sim, smsr, smsrNumber, ...networks] = process.argv.slice(2);
// The octets as they are: the library would take the user data header apart.
for (const name of ['submit_sm', 'deliver_sm']) delete smpp.commands[name].params.short_message.filter;

const fault = {throttle: 0, refuse: false, swallow: false, receipts: 'DELIVRD'};
const run = Math.floor(Math.random() * 0x7fffffff).toString(16);
let number = 0;

function ask(target, method, pathname, query, payload, done) {
  const [hostname, port] = target.split(':');
  const req = coap.request({hostname, port: Number(port), method, pathname, query, confirmable: true, retrySend: 5});
  req.on('response', (res) => done(res.code, res.payload, res.headers));
  req.on('error', () => done('5.03', Buffer.alloc(0), {}));
  req.on('timeout', () => done('5.03', Buffer.alloc(0), {}));
  req.end(payload);
}

const STATUS = {'2.01': 0x00, '4.04': 0x0b, '4.29': 0x58, '5.03': 0x14};

function refused(smsc, pdu) {
  if (pdu.source_addr !== smsc.source) return 0x0a;
  return pdu.destination_addr.startsWith(smsc.prefix) ? 0 : 0x0b;
}

function submitted(smsc, session, pdu) {
  if (fault.throttle > 0) {
    session.send(pdu.response({command_status: 0x58}));
    if (--fault.throttle === 0) console.log('throttled');
    return;
  }
  if (!(pdu.esm_class & 0x40)) throw new Error('a packet without UDHI');
  const wrong = refused(smsc, pdu), id = ++number;
  const done = (status) => session.send(pdu.response(status ? {command_status: status} :
    {message_id: (id + 0xa0).toString(16)}));
  if (wrong) {
    done(wrong);
  } else if (pdu.registered_delivery & 1) {
    done(0);
    receipt(session, pdu, id, () => { if (!fault.swallow) pass(pdu, id, () => {}); });
  } else if (fault.swallow) {
    done(0);
  } else {
    pass(pdu, id, done);
  }
}

function pass(pdu, id, done) {
  const hex = (n) => n.toString(16).toUpperCase().padStart(2, '0');
  const query = `to=${pdu.destination_addr}&from=${smsrNumber}&pid=${hex(pdu.protocol_id)}` +
    `&dcs=${hex(pdu.data_coding)}&vp=${seconds(pdu.validity_period)}&run=${run}&m=${id}`;
  ask(sim, 'POST', '/sms/mt', query, pdu.short_message, (code) => done(code in STATUS ? STATUS[code] : 0x45));
}

// Said before it is tried: what a receipt says is worth nothing.
function receipt(session, pdu, id, then) {
  const text = `id:${id + 0xa0} sub:001 dlvrd:001 submit date:2611230045 done date:2611230046 ` +
    `stat:${fault.receipts} err:027 text:`;
  session.deliver_sm({source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
    short_message: Buffer.from(text)}, then);
}

// The library reads a relative time as a date from now on.
function seconds(validity) {
  if (validity instanceof Date) return Math.max(1, Math.round((validity.getTime() - Date.now()) / 1000));
  const t = String(validity || '');
  return t ? Number(t.slice(4, 6)) * 86400 + Number(t.slice(6, 8)) * 3600 + Number(t.slice(8, 10)) * 60 +
    Number(t.slice(10, 12)) : 0;
}

// One after the other: the next leaves when the SM-SR took the one before.
function deliver(smsc) {
  if (!smsc.bound || !smsc.waiting.length || smsc.waiting[0].sent) return;
  const one = smsc.waiting[0];
  one.sent = true;
  smsc.bound.deliver_sm({source_addr_ton: 1, source_addr_npi: 1, source_addr: one.from,
    destination_addr: smsc.source, esm_class: 0x40, protocol_id: 0x7f, data_coding: 0xf6,
    short_message: one.ud}, (pdu) => {
    one.sent = false;
    if (pdu.command_status === 0) smsc.waiting.shift();
    setImmediate(deliver, smsc);
  });
}

function session(smsc, s) {
  s.on('error', () => s.close());
  s.on('close', () => {
    if (smsc.bound !== s) return;
    smsc.bound = null;
    for (const one of smsc.waiting) one.sent = false;
  });
  s.on('bind_transceiver', (pdu) => {
    if (fault.refuse || pdu.system_id !== 'remora' || pdu.password !== 'secret12') {
      s.send(pdu.response({command_status: 0x0e}));
      console.log('refused');
      return;
    }
    s.send(pdu.response({system_id: 'smsc'}));
    smsc.bound = s;
    console.log('bound');
    deliver(smsc);
  });
  s.on('submit_sm', (pdu) => submitted(smsc, s, pdu));
  s.on('enquire_link', (pdu) => s.send(pdu.response()));
  s.on('unbind', (pdu) => { s.send(pdu.response()); s.close(); });
}

const smscs = networks.map((text) => {
  const [port, source, prefix] = text.split(':');
  const smsc = {port: Number(port), source, prefix, bound: null, waiting: [], unrouted: false};
  smsc.server = smpp.createServer((s) => session(smsc, s));
  return smsc;
});

// A notification is a command packet: its user data header says 70, that of a response 71.
function lost(smsc, ud) {
  return smsc.unrouted && ud.subarray(1, 1 + ud[0]).includes(0x70);
}

const seen = new Set();
const network = coap.createServer((req, res) => {
  const [path, query = ''] = req.url.slice(1).split('?');
  if (path === 'sms/mo') {
    const q = new URLSearchParams(query), key = `${q.get('run')}/${q.get('m')}`;
    if (!seen.has(key)) {
      const smsc = smscs.find((one) => q.get('from').startsWith(one.prefix)), ud = Buffer.from(req.payload);
      seen.add(key);
      if (!lost(smsc, ud)) smsc.waiting.push({from: q.get('from'), ud, sent: false});
      deliver(smsc);
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
    const [word, value, more] = line.split(' ');
    if (word === 'throttle') fault.throttle = Number(value);
    else if (word === 'drop') { for (const one of smscs) if (one.bound) one.bound.close(); }
    else if (word === 'unrouted') smscs[Number(value)].unrouted = more === 'on';
    else if (word === 'receipts') fault.receipts = value;
    else fault[word] = value === 'on';
    console.log('heard');
  }
});
process.stdin.on('end', () => process.exit(0));
let left = smscs.length;
for (const one of smscs) {
  one.server.listen(one.port, '127.0.0.1', () => {
    if (--left === 0) network.listen(Number(coapPort), '127.0.0.1', () => console.log('ready'));
  });
}
