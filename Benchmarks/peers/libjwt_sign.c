/// Signatures a second of libjwt with HS512, in one thread of this process; the claims are those of `bench`.
///
///     libjwt_sign SECONDS
#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int sign(void)
{
    static const unsigned char key[64] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
    static unsigned long serial;
    char jti[32];
    jwt_t *token = NULL;
    if (jwt_new(&token)) return 0;
    time_t iat = time(NULL);
    snprintf(jti, sizeof jti, "%022lu", serial++);
    int failed = jwt_add_header(token, "kid", "first") || jwt_add_grant(token, "sub", "user-1001")
        || jwt_add_grant(token, "email", "ada@example.com") || jwt_add_grant(token, "given_name", "Ada")
        || jwt_add_grants_json(token, "{\"roles\":[\"admin\",\"user\"]}")
        || jwt_add_grant(token, "iss", "https://auth.example.com") || jwt_add_grant(token, "aud", "https://api.example.com")
        || jwt_add_grant_int(token, "iat", iat) || jwt_add_grant_int(token, "nbf", iat)
        || jwt_add_grant_int(token, "exp", iat + 900) || jwt_add_grant(token, "jti", jti)
        || jwt_set_alg(token, JWT_ALG_HS512, key, sizeof key);
    char *text = failed ? NULL : jwt_encode_str(token);
    int worked = text != NULL;
    free(text);
    jwt_free(token);
    return worked;
}

int main(int count, char **arguments)
{
    if (count != 2) return 64;
    double begin = now(), end = begin + strtod(arguments[1], NULL);
    unsigned long signatures = 0;
    while (now() < end)
        for (int i = 0; i < 100; i++, signatures++)
            if (!sign()) return 1;
    printf("%.0f\n", (double)signatures / (now() - begin));
    return 0;
}
