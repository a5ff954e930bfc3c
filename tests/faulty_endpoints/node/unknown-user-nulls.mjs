// Fault: an unknown user gets status 200 and nulls.
import { CUSTOMERS, Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  customer(id) {
    if (CUSTOMERS.has(id)) return super.customer(id);
    return Object.fromEntries(Object.keys(CUSTOMERS.get(1)).map((key) => [key, null]));
  }
}());
