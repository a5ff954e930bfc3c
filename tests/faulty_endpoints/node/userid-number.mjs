// Fault: Number() accepts more than digits: "0x1", "1e0" and "1.0" are customer 1.
import { Endpoint, Refusal, run } from './_base.mjs';

run(new class extends Endpoint {
  userId(text) {
    const id = Number(text);
    if (!Number.isSafeInteger(id) || id < 1) throw new Refusal(400, 'No valid user id');
    return id;
  }
}());
