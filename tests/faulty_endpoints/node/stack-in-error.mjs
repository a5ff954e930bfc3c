// Fault: the refusal of an unknown user contains the stack trace.
import { Endpoint, Refusal, run } from './_base.mjs';

run(new class extends Endpoint {
  customer(id) {
    try {
      return super.customer(id);
    } catch (error) {
      throw new Refusal(404, error.stack);
    }
  }
}());
