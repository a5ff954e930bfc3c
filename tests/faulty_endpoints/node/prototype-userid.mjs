// Fault: customers are looked up in a plain object, so "constructor" and "toString" exist:
// status 200 and {}.
import { CUSTOMERS, Endpoint, Refusal, run } from './_base.mjs';

const customers = Object.fromEntries(CUSTOMERS);

run(new class extends Endpoint {
  userId(text) {
    if (!/^\w+$/.test(text ?? '')) throw new Refusal(400, 'No valid user id');
    return text;
  }

  customer(id) {
    const customer = customers[id];
    if (!customer) throw new Refusal(404, 'No such user');
    return { ...customer };
  }
}());
