// Fault: the shared record is changed in place: each request adds another discount.
import { CUSTOMERS, Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  customer(id) {
    const copy = super.customer(id);
    CUSTOMERS.get(id).discounts.push(...copy.discounts.slice(0, 1));
    return copy;
  }
}());
