#include <signet.h>
#include <stdio.h>
int main(void) {
    signet_client *signet = NULL;
    char *token = NULL, *claims = NULL;
    signet_error error = signet_connect(&signet, NULL, NULL, 0);  // $SIGNET_SOCKET, else /run/signet/signet.sock
    if (!error) error = signet_sign(signet, "default", "{\"sub\":\"user-1\"}", 900, &token);
    if (!error) error = signet_verify(signet, "default", token, NULL, &claims);
    if (error) fprintf(stderr, "%s\n", signet_message(signet));
    else puts(claims);
    signet_free(claims);
    signet_free(token);
    signet_disconnect(signet);
    return error != SIGNET_OK;
}
