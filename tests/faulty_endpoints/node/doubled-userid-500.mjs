// Fault: a repeated userid is an array, which has no trim(): TypeError, status 500.
import { parse } from 'node:querystring';
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  parameters(body) {
    const form = parse(body.toString());
    const first = (value) => (Array.isArray(value) ? value[0] : value);
    return (name) => (name === 'userid' ? form.userid : first(form[name]));
  }

  userId(text) {
    return super.userId(text?.trim());
  }
}());
