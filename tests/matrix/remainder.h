/* What src/README.md says is not done, in numbers. */
#ifndef MATRIX_REMAINDER_H
#define MATRIX_REMAINDER_H

/* Handshakes of `seeds` that fail while `alerts` spoofed fatal alerts come to both sides each
 * second, at 30 % loss and 300 ms of round trip. */
unsigned remainder_alerts(unsigned seeds, unsigned alerts);
/* Of 121 patterns of two lost datagrams, how many end a stock server that asks for a cookie, when
 * somebody forges a HelloVerifyRequest after the server's own. */
unsigned remainder_cookies(void);

#endif
