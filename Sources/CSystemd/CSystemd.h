/* libsystemd as Swift sees it: what a service and its manager have to say to each other. */
#ifndef CSYSTEMD_H
#define CSYSTEMD_H

#include <systemd/sd-daemon.h>

#endif
