// Fault: the user id is kept in a module variable; without one the last customer is shown.
import { Endpoint, run } from './_base.mjs';

let current;

run(new class extends Endpoint {
  userId(text) {
    current = text ?? current;
    return super.userId(current);
  }
}());
