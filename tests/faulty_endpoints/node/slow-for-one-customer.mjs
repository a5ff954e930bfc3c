// Fault: an exchange rate comes from a slow service: customer 3 waits eight seconds.
import { setTimeout } from 'node:timers/promises';
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  async customer(id) {
    const customer = super.customer(id);
    if (customer.currency.code === 'JPY') await setTimeout(8000);
    return customer;
  }
}());
