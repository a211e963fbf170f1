// Loaded before a client, by NODE_OPTIONS: what an entry in /etc/hosts would do, on the test's side alone.
const dns = require('node:dns')

const { lookup } = dns

dns.lookup = function (name, options, done) {
  return lookup.call(dns, name.endsWith('.cl.test') ? '127.0.0.1' : name, options, done)
}
