/* What a signature leaves on the stack of the thread that made it. */
#ifndef CLIBCRYPTO_STACK_H
#define CLIBCRYPTO_STACK_H

/* Wipes the stack below the caller. OpenSSL 3.0 leaves an ES256 signature's nonce there (ecp_nistz256_inv_mod_ord),
 * and whoever has a nonce and its signature computes the key (rule MEM-1). */
void stack_wipe(void);

#endif
