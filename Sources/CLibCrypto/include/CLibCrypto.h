/* OpenSSL as Swift sees it, and the locked arena that all of its memory comes from. */
#ifndef CLIBCRYPTO_H
#define CLIBCRYPTO_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "arena.h"
#include "stack.h"

/* Macros that Swift cannot see. */
static const int KEY_SELECTION_PAIR = EVP_PKEY_KEYPAIR;
static const int KEY_SELECTION_PUBLIC = EVP_PKEY_PUBLIC_KEY;

#endif
