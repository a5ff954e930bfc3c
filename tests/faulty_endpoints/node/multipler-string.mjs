// Fault: the multipler is taken from an HTML form's field and stays a string.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    for (const discount of customer.discounts) discount.multipler = String(discount.multipler);
    return customer;
  }
}());
