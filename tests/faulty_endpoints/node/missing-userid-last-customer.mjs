// Fault: a module variable holds the user id; without one the last customer's prices are returned.
import { Endpoint, run } from './_base.mjs';

let current;

run(new class extends Endpoint {
  userId(text) {
    current = text ?? current;
    return super.userId(current);
  }
}());
