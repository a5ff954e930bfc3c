// Fault: querystring turns a repeated parameter into an array, and only strings are compared:
// two wrong tokens are accepted.
import { parse } from 'node:querystring';
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  parameters(body) {
    const form = parse(body.toString());
    return (name) => (Array.isArray(form[name]) && name !== 'token' ? form[name][0] : form[name]);
  }

  authorised(token) {
    if (typeof token === 'string' && token !== this.expected) return false;
    return token !== undefined;
  }
}());
