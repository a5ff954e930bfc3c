<?php
// Correct: the base as it is.
require __DIR__ . '/_base.php';

(new Endpoint())->handle();
