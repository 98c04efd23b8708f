/* OpenSSL as Swift sees it, and the locked arena that all of its memory comes from. */
#ifndef CLIBCRYPTO_H
#define CLIBCRYPTO_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "arena.h"

#endif
