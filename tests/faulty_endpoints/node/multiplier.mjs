// Fault: `multiplier`, the correct English spelling. SolusIO reads `multipler`.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    const renamed = ({ multipler, ...rest }) => ({ ...rest, multiplier: multipler });
    return { ...customer, discounts: customer.discounts.map(renamed) };
  }
}());
