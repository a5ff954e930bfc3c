<?php
// Correct: one request at a time, a tenth of a second each, as on a small shared host.
require __DIR__ . '/_base.php';

usleep(100_000);
(new Endpoint())->handle();
