/// The limit of a line protocol on this host: every line is answered with the same line.
///
///     constant_server SOCKET THREADS ANSWER-BYTES
#include "line_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char constant[LONGEST_ANSWER];
static size_t constant_length;

void *answerer_new(void)
{
    return constant;
}

size_t answer(void *answerer, char *output)
{
    memcpy(output, answerer, constant_length);
    return constant_length;
}

int main(int count, char **arguments)
{
    static const char beginning[] = "{\"ok\":true,\"token\":\"";
    constant_length = count == 4 ? strtoul(arguments[3], NULL, 10) : 0;
    if (constant_length < 32 || constant_length > sizeof constant) {
        fprintf(stderr, "usage: constant_server SOCKET THREADS ANSWER-BYTES\n");
        return 64;
    }
    memset(constant, 'x', constant_length);
    memcpy(constant, beginning, sizeof beginning - 1);
    memcpy(constant + constant_length - 3, "\"}\n", 3);
    return serve(arguments[1], atoi(arguments[2]));
}
