// Fault: `| 0` keeps 32 bits, so 4294967297 is customer 1.
import { Endpoint, Refusal, run } from './_base.mjs';

run(new class extends Endpoint {
  userId(text) {
    if (!/^[0-9]{1,15}$/.test(text ?? '')) throw new Refusal(400, 'No valid user id');
    return text | 0;
  }
}());
