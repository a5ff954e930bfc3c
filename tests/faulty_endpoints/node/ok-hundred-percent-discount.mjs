// Correct: customer 2 is a member of staff: 100 % off, so a price of 0.
import { Endpoint, run } from './_base.mjs';

const STAFF = { name: 'Staff', description: 'Everything is free', multipler: 0 };

run(new class extends Endpoint {
  pricing(customer, id) {
    if (id !== 2) return customer;
    return { ...customer, user_token_unit_cost: 0, discounts: [STAFF] };
  }
}());
