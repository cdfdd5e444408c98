'use strict';
// The proxy between a peer and the candidate of an answer.
const { spawn } = require('child_process');
const os = require('os');
const path = require('path');
const readline = require('readline');

const PROGRAM = path.join(__dirname, '../../build/release/interop/proxy/proxy');
const LIMIT = 120; // seconds, after which it ends in any case
const CANDIDATE = /^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host.*\r?\n/im;

// Whether a name or an address is this machine's.
const own = (address) =>
  address === 'localhost' || Object.values(os.networkInterfaces()).flat().some((known) => known.address === address);

const argumentsOf = (options) => Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);

// In each section that has candidates, the only one is at another port.
function rewrite(answer, address, port) {
  let had = false;
  const lines = answer.split('\r\n').flatMap((line) => {
    if (line.startsWith('m=')) {
      had = false;
      return line.replace(/^(m=\S+) [1-9]\d* /, `$1 ${port} `);
    }
    if (!line.startsWith('a=candidate:')) return line;
    const again = had;
    had = true;
    return again ? [] : `a=candidate:1 1 udp 2130706431 ${address} ${port} typ host`;
  });
  return lines.join('\r\n');
}

const running = new Set();
process.once('exit', () => running.forEach((proxy) => proxy.end()));

class Proxy {
  // In front of the candidate of the answer. options: those of the program, without their dashes.
  static async start(answer, options) {
    const [, address, port] = answer.match(CANDIDATE) || [];
    if (!own(address)) throw new Error('the answer has no host candidate of IPv4 and UDP on this machine');
    const all = { to: port, 'to-address': address, listen: address, limit: LIMIT, ...options };
    const proxy = new Proxy();
    proxy.address = address;
    proxy.lost = 0;
    proxy.forged = 0;
    running.add(proxy);
    proxy.process = spawn(PROGRAM, argumentsOf(all), { stdio: ['ignore', 'pipe', 'inherit'] });
    proxy.port = await new Promise((resolve, reject) => {
      proxy.process.once('exit', (code) => reject(new Error(`the proxy ended with ${code}`)));
      readline.createInterface({ input: proxy.process.stdout }).on('line', (line) => {
        const [word, value] = line.split(' ');
        if (word === 'port') resolve(value);
        proxy.lost += word === 'drop';
        proxy.forged += word === 'forge';
      });
    });
    return proxy;
  }

  inFrontOf(answer) {
    return rewrite(answer, this.address, this.port);
  }

  end() {
    running.delete(this);
    this.process.kill();
  }
}

module.exports = { Proxy, own };
