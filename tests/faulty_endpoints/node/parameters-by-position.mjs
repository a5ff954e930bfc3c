// Fault: token, action and userid are read by their position in the body, not by name.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  parameters(body) {
    const values = [...new URLSearchParams(body.toString()).values()];
    return (name) => values[['token', 'action', 'userid'].indexOf(name)];
  }
}());
