// Fault: a variable that all requests share holds the customer across an await.
import { setTimeout } from 'node:timers/promises';
import { Endpoint, run } from './_base.mjs';

let current;

run(new class extends Endpoint {
  async customer(id) {
    current = super.customer(id);
    await setTimeout(8); // the query for the exchange rate
    return current;
  }
}());
