// Fault: the discount is sent as the amount to take off, -0.05.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    for (const discount of customer.discounts) {
      discount.multipler = Number((discount.multipler - 1).toFixed(4));
    }
    return customer;
  }
}());
