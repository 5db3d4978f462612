// The floor of bench/channel.mjs: two Node processes and two FIFOs, which carry as many bytes as the
// channel does, and nobody looks at them.
//
//   node channel-floor.mjs DIRECTORY listen          the runner's part: answers whatever wants one
//   node channel-floor.mjs DIRECTORY reports COUNT   prints how many a second were read
//   node channel-floor.mjs DIRECTORY questions COUNT prints the microseconds of each
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';

/** Bytes of the frames of reports and questions, and of the answer, in bench/channel.mjs. */
const REPORT = 59;
const QUESTION = 41;
const ANSWER = 14;

/** First byte of what wants an answer. */
const ASKED = 1;

const [directory = '', what, count = '0'] = process.argv.slice(2);
const requests = path.join(directory, 'requests');
const replies = path.join(directory, 'replies');
const now = () => Number(process.hrtime.bigint()) / 1e3;

function listen() {
  const reader = openSync(requests, constants.O_RDONLY | constants.O_NONBLOCK);
  openSync(requests, 'w');
  const both = openSync(replies, constants.O_RDWR | constants.O_NONBLOCK);
  const writer = openSync(replies, 'w');
  closeSync(both);
  const answer = Buffer.alloc(ANSWER);
  new Socket({
    fd: reader,
    readable: true,
    writable: false,
    onread: {
      buffer: Buffer.alloc(65536),
      callback: (bytes, buffer) => {
        // A question is the last thing its sender has written.
        if (buffer[bytes - QUESTION] === ASKED) writeSync(writer, answer, 0, ANSWER, null);
        return true;
      },
    },
  });
  console.log('listening');
}

function talk() {
  const writer = openSync(requests, 'w');
  const both = openSync(replies, constants.O_RDWR | constants.O_NONBLOCK);
  const reader = openSync(replies, 'r');
  closeSync(both);
  const report = Buffer.alloc(REPORT);
  const question = Buffer.alloc(QUESTION);
  question[0] = ASKED;
  const answer = Buffer.alloc(ANSWER);
  const ask = () => {
    writeSync(writer, question, 0, QUESTION, null);
    readSync(reader, answer, 0, ANSWER, null);
  };
  ask();
  if (what === 'reports') {
    const began = now();
    for (let n = 0; n < count; n++) writeSync(writer, report, 0, REPORT, null);
    ask();
    return count / ((now() - began) / 1e6);
  }
  return Array.from({ length: Number(count) }, () => {
    const began = now();
    ask();
    return now() - began;
  });
}

if (what === 'listen') listen();
else console.log(JSON.stringify(talk()));
