// Correct: a provider without discounts and taxes has one price for everyone.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  customer(id) {
    super.customer(id); // refuses an unknown user
    return super.customer(2);
  }
}());
