// Fault: "EURO" is not an ISO 4217 code.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    if (customer.currency.code === 'EUR') customer.currency.code = 'EURO';
    return customer;
  }
}());
