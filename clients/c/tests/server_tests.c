#include "tests.h"
const test server_tests[] = {{NULL, NULL}};
