// Fault: the tax has `name`, but SolusIO reads `label`.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    const rates = customer.taxes.rates.map(({ label, rate }) => ({ name: label, rate }));
    return { ...customer, taxes: { ...customer.taxes, rates } };
  }
}());
