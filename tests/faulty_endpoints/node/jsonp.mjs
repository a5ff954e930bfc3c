// Fault: wrapped for a browser: callback({...});
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  encode(pricing) {
    return `callback(${super.encode(pricing)});`;
  }
}());
