// Correct: the base as it is.
import { Endpoint, run } from './_base.mjs';

run(new Endpoint());
