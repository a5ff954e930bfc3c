// Fault: a name is cut to 18 UTF-16 units, in the middle of an emoji: half a character remains.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    for (const discount of customer.discounts) {
      discount.name = 'Loyal since 2020 🎁'.slice(0, 18);
    }
    return customer;
  }
}());
