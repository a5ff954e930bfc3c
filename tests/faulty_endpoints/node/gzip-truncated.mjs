// Fault: the compressor is flushed but never closed, so the end of the gzip stream is missing.
import { constants, gzipSync } from 'node:zlib';
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  respond(req, res, status, body) {
    if (!/\bgzip\b/.test(req.headers['accept-encoding'])) {
      super.respond(req, res, status, body);
      return;
    }
    const bytes = gzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH });
    res.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Encoding': 'gzip',
      'Content-Length': bytes.length,
      Vary: 'Accept-Encoding',
    });
    res.end(bytes);
  }
}());
