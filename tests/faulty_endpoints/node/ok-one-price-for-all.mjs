// Correct: a provider without discounts and taxes has one price for everybody.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  customer(id) {
    super.customer(id); // whoever is unknown is refused
    return super.customer(2);
  }
}());
