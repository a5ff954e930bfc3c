// Fault: the multipler comes from an HTML form field and stays a string.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    for (const discount of customer.discounts) discount.multipler = String(discount.multipler);
    return customer;
  }
}());
