/// The limit of a signing line protocol on this host: every line is answered with a token that is really signed, with
/// HMAC-SHA512 by OpenSSL, over a fixed payload of so many bytes that is encoded anew each time. Nothing is parsed, no
/// policy is asked, no time is read and no random byte is drawn.
///
///     signing_server SOCKET THREADS PAYLOAD-BYTES ANSWER-BYTES
///
/// The answer is as long as Signet's, which says more than the token.
#include "line_server.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_BYTES = 64 };

static const char beginning[] = "{\"ok\":true,\"token\":\"";
static const char header[] = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6ImZpcnN0In0.";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static unsigned char payload[LONGEST_ANSWER / 2];
static size_t payload_length, answer_length;

static size_t base64url(char *output, const unsigned char *bytes, size_t count)
{
    char *start = output;
    size_t i = 0;
    for (; i + 2 < count; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        *output++ = alphabet[group >> 18];
        *output++ = alphabet[group >> 12 & 63];
        *output++ = alphabet[group >> 6 & 63];
        *output++ = alphabet[group & 63];
    }
    if (count - i == 1) {
        *output++ = alphabet[bytes[i] >> 2];
        *output++ = alphabet[(bytes[i] & 3) << 4];
    } else if (count - i == 2) {
        unsigned group = (unsigned)bytes[i] << 8 | bytes[i + 1];
        *output++ = alphabet[group >> 10];
        *output++ = alphabet[group >> 4 & 63];
        *output++ = alphabet[(group & 15) << 2];
    }
    return (size_t)(output - start);
}

void *answerer_new(void)
{
    static const unsigned char key[64] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA512", 0), OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac);
    return context && EVP_MAC_init(context, key, sizeof key, parameters) == 1 ? context : NULL;
}

size_t answer(void *answerer, char *output)
{
    char *at = output;
    memcpy(at, beginning, sizeof beginning - 1);
    at += sizeof beginning - 1;
    char *token = at;
    memcpy(at, header, sizeof header - 1);
    at += sizeof header - 1;
    at += base64url(at, payload, payload_length);
    unsigned char tag[TAG_BYTES];
    size_t tag_length = 0;
    EVP_MAC_init(answerer, NULL, 0, NULL);
    EVP_MAC_update(answerer, (unsigned char *)token, (size_t)(at - token));
    EVP_MAC_final(answerer, tag, &tag_length, sizeof tag);
    *at++ = '.';
    at += base64url(at, tag, tag_length);
    *at++ = '"';
    size_t written = (size_t)(at - output);
    if (written + 2 < answer_length) {
        memset(at, ' ', answer_length - written - 2);
        at = output + answer_length - 2;
    }
    *at++ = '}';
    *at++ = '\n';
    return (size_t)(at - output);
}

int main(int count, char **arguments)
{
    if (count == 5) {
        payload_length = strtoul(arguments[3], NULL, 10);
        answer_length = strtoul(arguments[4], NULL, 10);
    }
    if (payload_length < 1 || payload_length > sizeof payload || answer_length > LONGEST_ANSWER) {
        fprintf(stderr, "usage: signing_server SOCKET THREADS PAYLOAD-BYTES ANSWER-BYTES\n");
        return 64;
    }
    memset(payload, 'p', payload_length);
    return serve(arguments[1], atoi(arguments[2]));
}
