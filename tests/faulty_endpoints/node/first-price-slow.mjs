// Fault: the first price of each customer waits 1.3 s for a tax service; after that it is cached.
import { setTimeout } from 'node:timers/promises';
import { Endpoint, run } from './_base.mjs';

const known = new Set();

run(new class extends Endpoint {
  async customer(id) {
    const customer = super.customer(id);
    if (!known.has(id)) await setTimeout(1300);
    known.add(id);
    return customer;
  }
}());
